// The library and the settings: listing, uploads with progress, builds, choices.

import { $, $$, announce, api, choose, register, t } from "./common.js";
import { showView, welcome } from "./chat.js";

const view = () => $("#library-view");
let generation = null;

export async function refreshLibrary() {
  const form = $(".filters", view());
  const query = new URLSearchParams(new FormData(form));
  const found = await api(`documents?${query}`).catch((error) => ({ error }));
  if (found.error) return void ($(".list", view()).textContent = found.error.message);
  $(".list", view()).innerHTML = found.html;
  $(".summary", view()).textContent = found.summary;
  const select = $("select", form), chosen = select.value;
  select.replaceChildren(...["", ...found.collections].map((name) => new Option(name || t("all_collections"), name)));
  select.value = found.collections.includes(chosen) ? chosen : "";
  $("#collections").replaceChildren(...found.collections.map((name) => new Option(name)));
}

// -- uploads -----------------------------------------------------------------------------------------

async function upload(files) {
  if (!files.length) return;
  const box = $(".upload", view());
  box.hidden = false;
  $(".refused", box).replaceChildren();
  const outcome = { refused: [], replaced: [], same: [] };
  const conflicts = await send(files, false, outcome);
  if (conflicts.length) {
    const names = conflicts.map((file) => nameOf(file)).slice(0, 10).join("\n");
    if (await choose(t("replace_ask", { names }), ["replace"])) await send(conflicts, true, outcome);
  }
  for (const text of outcome.refused) {
    const li = document.createElement("li");
    li.textContent = text;
    $(".refused", box).append(li);
  }
  if (outcome.replaced.length) announce(names("replaced", outcome.replaced));
  watchBuild();
}

const nameOf = (file) => file.path ?? (file.webkitRelativePath || file.name);
const names = (key, list) => t(key, { n: list.length, names: list.join(", ") }).split("|").at(-1);

// in batches of about 8 MB, so that the bar moves and no request is huge; returns the files in conflict
async function send(files, replace, outcome) {
  const total = files.length, conflicts = [];
  let done = 0;
  for (const batch of batches(files)) {
    line(t("uploading", { done, total }), done / total);
    const form = new FormData();
    form.append("collection", $("[name=collection]", view()).value || "uploads");
    form.append("replace", replace ? "1" : "0");
    for (const file of batch) form.append("files", file, nameOf(file));
    try {
      const answer = await api("documents", { method: "POST", body: form });
      for (const key of ["refused", "replaced", "same"]) outcome[key].push(...answer[key]);
      const clashing = batch.filter((file) => answer.conflicts.some((name) => sameName(name, nameOf(file))));
      conflicts.push(...clashing);
      // a ZIP with some members in conflict is sent again as a whole
      if (answer.conflicts.length && !clashing.length) conflicts.push(...batch.filter((f) => /\.zip$/i.test(f.name)));
    } catch (error) {
      outcome.refused.push(...batch.map((file) => `${nameOf(file)}: ${error.message}`));
    }
    done += batch.length;
  }
  line(t("uploading", { done, total }), 1);
  return conflicts;
}

// the server makes names safe, so compare what is left of both
const plain = (name) => name.normalize("NFC").split(/[/\\]/).at(-1).replace(/[^\p{L}\p{N}]/gu, "");
const sameName = (one, other) => plain(one) === plain(other);

function* batches(files) {
  let batch = [], size = 0;
  for (const file of files) {
    if (batch.length && (size + file.size > 8e6 || batch.length >= 200)) { yield batch; batch = []; size = 0; }
    batch.push(file);
    size += file.size;
  }
  if (batch.length) yield batch;
}

function line(text, share) {
  $(".upload .line", view()).textContent = text;
  $(".upload progress", view()).value = share;
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const files = [];
  for (const entry of entries) await walk(entry, "", files);
  return files;
}

async function walk(entry, prefix, files) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    file.path = prefix + file.name;
    files.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return;
    for (const inside of part) await walk(inside, `${prefix}${entry.name}/`, files);
  }
}

// -- builds ------------------------------------------------------------------------------------------

let watching = false;

export async function watchBuild() {
  if (watching) return;
  watching = true;
  try {
    for (;;) {
      const state = await api("build");
      report(state);
      if (!state.running) return settled(state);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  } catch {
    $("#top .progress").textContent = "";
  } finally {
    watching = false;
  }
}

function report(state) {
  $("#top .progress").textContent = state.running ? state.line : "";
  if ($(".upload", view()).hidden) return;
  if (state.running && state.line) line(state.line, state.share);
}

function settled(state) {
  if (!$(".upload", view()).hidden) {
    line(state.error || state.line, state.error ? 0 : 1);
    announce(state.error || state.line);
  }
  if (document.body.dataset.view === "documents") refreshLibrary();
  if (state.generation !== generation || state.error) {
    generation = state.generation;
    welcome();
  }
}

// -- settings ----------------------------------------------------------------------------------------

export async function refreshSettings() {
  const { html } = await api("settings");
  $("#settings-view .form").innerHTML = html;
}

async function save(form) {
  const values = Object.fromEntries(new FormData(form));
  const status = $("[role=status]", form);
  document.cookie = `footnote_language=${values.language}; path=/; max-age=31536000; samesite=strict`;
  try {
    if (values.generator) {
      const generator = values.model ? `${values.generator}:${values.model}` : values.generator;
      const body = { generator, base_url: values.base_url, strictness: Number(values.strictness), k: Number(values.k) };
      await api("settings", { method: "PUT", body });
    }
    status.textContent = t("saved");
    if (values.language !== document.documentElement.lang) location.reload();
  } catch (error) {
    status.textContent = error.message;
  }
}

export function wireLibrary() {
  for (const input of $$("[data-upload]", view())) {
    input.addEventListener("change", () => { upload([...input.files]).then(() => { input.value = ""; }); });
  }
  const zone = $(".dropzone", view());
  for (const [target, name] of [[document, "dragover"], [document, "drop"]]) {
    target.addEventListener(name, (event) => event.preventDefault());
  }
  document.addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    showView("documents");
    zone.classList.add("over");
  });
  document.addEventListener("drop", async (event) => {
    zone.classList.remove("over");
    if (event.dataTransfer?.files.length) upload(await dropped(event.dataTransfer));
  });
  let timer;
  $(".filters", view()).addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refreshLibrary, 200);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.form === "filter") event.preventDefault();
    if (event.target.dataset.form !== "settings") return;
    event.preventDefault();
    save(event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.name === "strictness") event.target.nextElementSibling.value = event.target.value;
  });
}

register({
  rebuild: async () => {
    $(".upload", view()).hidden = false;
    await api("build", { method: "POST" });
    watchBuild();
  },
  remove: async (button) => {
    const { document: id, source, name } = button.dataset;
    if (!(await choose(t("remove_ask", { name }), ["remove"]))) return;
    await api(`documents/${id}?source=${encodeURIComponent(source)}`, { method: "DELETE" });
    $(".upload", view()).hidden = false;
    watchBuild();
  },
});
