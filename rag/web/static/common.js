// What every module needs: short names for the DOM, the server, and the texts.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const texts = window.FOOTNOTE_TEXTS;

function chosenLanguage() {
  const cookie = document.cookie.match(/(?:^|; )footnote_language=(\w+)/)?.[1];
  const wanted = [cookie, ...navigator.languages.map((name) => name.toLowerCase().split("-")[0])];
  return wanted.find((name) => name in texts) ?? "en";
}

export const language = chosenLanguage();

export function t(key, values = {}) {
  const text = texts[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function translate(root) {
  document.documentElement.lang = language;
  for (const element of $$("[data-t]", root)) element.textContent = t(element.dataset.t);
  for (const element of $$("[data-t-label]", root)) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    if (element.matches("button")) element.title = t(element.dataset.tLabel);
  }
  for (const element of $$("[data-t-placeholder]", root)) element.placeholder = t(element.dataset.tPlaceholder);
  const box = $("#question textarea");
  box.placeholder = t("placeholder");
  box.setAttribute("aria-label", t("question"));
  $("#send").textContent = t("send");
  $("#stop").textContent = t("stop");
}

// what buttons do, by their data-do: each module adds its own
export const actions = {};

export function register(more) {
  Object.assign(actions, more);
}

export function parsed(html) {
  const box = document.createElement("template");
  box.innerHTML = html.trim();
  return box.content.firstElementChild;
}

export async function api(path, { method = "GET", body } = {}) {
  const options = { method, headers: {} };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch {
    throw new Error(t("offline"));
  }
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(value?.error ?? value?.detail ?? response.statusText);
  return value;
}

export function announce(text) {
  $("#announce").textContent = text;
}

export function local(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`footnote-${name}`);
    localStorage.setItem(`footnote-${name}`, value);
  } catch { /* a browser without storage forgets the choice */ }
  return value;
}

// A dialog: text, optional input, one button for each key. Resolves to the key, the input, or null.
export function choose(title, keys, { input } = {}) {
  const dialog = $("#dialog");
  dialog.innerHTML = `<form method="dialog"><h2 id="dialog-title"></h2><div class="buttons"></div></form>`;
  $("h2", dialog).textContent = title;
  if (input !== undefined) {
    $("h2", dialog).insertAdjacentHTML("afterend", `<input aria-labelledby="dialog-title" maxlength="200">`);
    $("input", dialog).value = input;
  }
  for (const [i, key] of [...keys, "cancel"].entries()) {
    const button = document.createElement("button");
    button.value = key;
    button.textContent = t(key);
    button.className = i === 0 && keys.length ? "primary" : "quiet";
    $(".buttons", dialog).append(button);
  }
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const value = dialog.returnValue;
      dialog.returnValue = "";
      if (!value || value === "cancel") resolve(null);
      else resolve(input === undefined ? value : $("input", dialog).value.trim() || null);
    };
    dialog.showModal();
  });
}
