// The page's script: asking, the thread of turns, views. The other modules hold the reader, the
// conversations, the library, and the keyboard. Everything inserted as HTML was escaped by the server.

import { $, $$, actions, announce, api, choose, local, parsed, register, t, translate } from "./common.js";
import { conversation, loadConversation, newConversation, refreshConversations, wireConversations } from "./conversations.js";
import { hoverCards, keyboard } from "./keys.js";
import { refreshLibrary, refreshSettings, watchBuild, wireLibrary } from "./library.js";
import { openCitation, openPanel, openPassage, wireReader } from "./reader.js";

const turns = () => $("#turns");
let stopping = false;

// -- asking ------------------------------------------------------------------------------------------

// called by Gradio before a question is sent: what goes along with it
function asking(question) {
  stopping = false;
  if (!question.trim()) return [question, "{}"];
  $("#turn-failed")?.remove();
  showView("ask");
  $(".welcome").hidden = true;
  document.body.dataset.busy = "yes";
  if (!$("#turn-live")) live(waiting(question));
  setTimeout(() => fill(""), 0);
  setTimeout(stillThere, 1500);
  const collections = $$(".scope input:checked").map((box) => box.value);
  return [question, JSON.stringify({ conversation: conversation.id, collections })];
}

// Gradio says nothing when the server is gone: so look, as long as an answer is awaited
async function stillThere() {
  if (!document.body.dataset.busy) return;
  await api("build").then(() => setTimeout(stillThere, 3000), refused);
}

// what is shown until the server's first word
function waiting(question) {
  const article = parsed(`<article class="turn turn-writing" id="turn-live" data-turn="live" aria-busy="true">
    <h2 class="asked" dir="auto"></h2><p class="searched"></p></article>`);
  $(".asked", article).textContent = question.trim();
  $(".searched", article).textContent = t("searching");
  return article.outerHTML;
}

// called for every update of the current turn
function live(html) {
  if (!html || stopping) return;
  const article = parsed(html);
  const current = $("#turn-live");
  if (article.id === "turn-live" && current) return morph(current, article);
  const focused = current ? $$("a.cite", current).indexOf(document.activeElement) : -1;
  if (current) current.replaceWith(article);
  else turns().append(article);
  if (focused >= 0) $$("a.cite", article)[focused]?.focus();
  if (article.id === "turn-live") return article.scrollIntoView({ block: "start", behavior: "instant" });
  finish(article);
}

function finish(article) {
  delete document.body.dataset.busy;
  const words = $(".answer, .abstained .verdict, .failed p", article)?.textContent ?? "";
  announce(words);
  article.scrollIntoView({ block: "start", behavior: "instant" });
  if (article.id === "turn-failed") return;
  conversation.id = article.dataset.conversation;
  history.replaceState(null, "", `#c=${conversation.id}`);
  refreshConversations();
  suggest(article);
}

// only what changed is touched, so that focus and selection survive while words arrive
function morph(old, fresh) {
  const olds = [...old.childNodes], news = [...fresh.childNodes];
  news.forEach((node, i) => {
    const was = olds[i];
    if (!was) old.append(node);
    else if (was.isEqualNode(node)) return;
    else if (was.nodeType === 1 && node.nodeType === 1 && was.tagName === node.tagName && node.childNodes.length
      && was.className === node.className && !was.classList.contains("cite")) morph(was, node);
    else was.replaceWith(node);
  });
  olds.slice(news.length).forEach((node) => node.remove());
}

function stopped() {
  stopping = true;
  delete document.body.dataset.busy;
  const current = $("#turn-live");
  if (!current) return;
  current.id = "turn-failed";
  $(".caret", current)?.remove();
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = t("stopped");
  current.append(note);
}

async function refused() {
  if (!document.body.dataset.busy) return;
  delete document.body.dataset.busy;
  const reason = await api("build").then(() => t("full"), (error) => error.message);
  const question = $("#turn-live .asked")?.textContent ?? lastAsked;
  $("#turn-live")?.remove();
  const article = parsed(`<article class="turn turn-failed" id="turn-failed"><h2 class="asked" dir="auto"></h2>
    <div class="failed" role="alert"><strong></strong><p></p></div></article>`);
  $(".asked", article).textContent = question;
  $("strong", article).textContent = t("failed");
  $("p", article).textContent = reason;
  turns().append(article);
  fill(question);
}
let lastAsked = "";

function fill(text) {
  const box = $("#question textarea");
  if (text === "") lastAsked = box.value || lastAsked;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

export function ask(question) {
  fill(question);
  requestAnimationFrame(() => $("#send").click());
}

async function suggest(article) {
  if (!article.classList.contains("turn-done") || !$(".sources", article)) return;
  const { questions } = await api(`turns/${article.dataset.turn}/next`).catch(() => ({ questions: [] }));
  const place = $(".follow", article);
  if (!questions.length || !place) return;
  place.innerHTML = `<h3></h3><ul></ul>`;
  $("h3", place).textContent = t("follow_ups");
  for (const question of questions) $("ul", place).append(item(question));
}

function item(question) {
  const li = document.createElement("li");
  li.innerHTML = `<button type="button" class="chip" data-do="ask" dir="auto"></button>`;
  $("button", li).textContent = question;
  return li;
}

// -- views -------------------------------------------------------------------------------------------

export function showView(name) {
  if (document.body.dataset.view === name) return;
  document.body.dataset.view = name;
  for (const link of $$("#top [data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name === "documents") refreshLibrary();
  if (name === "settings") refreshSettings();
  $(`#${{ documents: "library", settings: "settings" }[name]}-title`)?.focus({ preventScroll: true });
  closeRail();
}

function closeRail() {
  delete document.body.dataset.rail;
  $("[data-do=rail]").setAttribute("aria-expanded", "false");
}

function route() {
  const hash = location.hash.slice(1);
  if (hash === "documents" || hash === "settings") return showView(hash);
  showView("ask");
  if (hash.startsWith("c=") && hash.slice(2) !== conversation.id) return loadConversation(hash.slice(2));
  if (hash === "" && conversation.id) newConversation();
  else if (!conversation.id) welcome();
}

export async function welcome() {
  const facts = await api("welcome")
    .catch((error) => ({ examples: [], n_documents: 0, collections: [], problem: error.message }));
  $(".problem").textContent = facts.problem;
  $(".problem").hidden = !facts.problem;
  $(".welcome").hidden = turns().childElementCount > 0;
  for (const part of $$(".welcome .nothing")) part.hidden = facts.n_documents > 0;
  $(".examples").replaceChildren(...facts.examples.map(item));
  const scope = $(".scope");
  scope.hidden = facts.collections.length < 2;
  const chosen = new Set($$("input:checked", scope).map((box) => box.value));
  $(".choices", scope).replaceChildren(
    ...facts.collections.map((name) => {
      const label = parsed(`<label class="chip"><input type="checkbox"> <span dir="auto"></span></label>`);
      const box = $("input", label);
      box.value = name;
      box.checked = chosen.has(name);
      $("span", label).textContent = name;
      return label;
    }),
  );
}

// -- what buttons do ---------------------------------------------------------------------------------

const turnOf = (element) => element.closest(".turn");

register({
  rail: (button) => {
    const open = document.body.dataset.rail !== "open";
    if (open) document.body.dataset.rail = "open";
    else delete document.body.dataset.rail;
    button.setAttribute("aria-expanded", String(open));
  },
  theme: () => setTheme(document.body.classList.contains("dark") ? "light" : "dark"),
  ask: (button) => ask(button.textContent),
  edit: (button) => { fill(button.textContent); $("#question textarea").focus(); },
  retry: (button) => ask(turnOf(button).dataset.question),
  passage: (button) => openPassage(button),
  panel: (button) => openPanel(turnOf(button), "cited"),
  copy: async (button) => {
    const { text } = await api(`turns/${turnOf(button).dataset.turn}/text`);
    await copyText(text, button);
  },
  right: (button) => mark(turnOf(button), "right", []),
  wrong: async (button) => {
    const article = turnOf(button);
    const options = $(".sources", article) ? ["wrong_source"] : [];
    const verdict = await choose(t("feedback"), [...options, "not_in_documents", "should_have_found"]);
    if (verdict === "wrong_source") {
      if ($$(".source", article).length > 1) openPanel(article, "cited"); // there each has its own button
      else mark(article, "wrong source", []);
    }
    if (verdict === "not_in_documents") mark(article, "not in documents", []);
    if (verdict === "should_have_found") openPanel(article, "found");
  },
});

export async function mark(article, verdict, spans) {
  await api("feedback", { method: "POST", body: { turn: Number(article.dataset.turn), verdict, spans } });
  const status = $(".thanks", article) ?? article.appendChild(parsed(`<p class="thanks" role="status"></p>`));
  status.textContent = t("thanks");
  announce(t("thanks"));
}

export async function copyText(text, button) {
  await navigator.clipboard.writeText(text);
  const was = button.textContent;
  button.textContent = t("copied");
  announce(t("copied"));
  setTimeout(() => { button.textContent = was; }, 1500);
}

function setTheme(name) {
  local("theme", name);
  document.body.classList.toggle("dark", name === "dark");
}

// what a button could not do is said, not swallowed
function tried(doing) {
  Promise.resolve(doing).catch((error) => choose(error.message, []));
}

function wire() {
  document.addEventListener("click", (event) => {
    const cite = event.target.closest("a.cite, [data-do=cite]");
    if (cite) { event.preventDefault(); return tried(openCitation(cite)); }
    const button = event.target.closest("[data-do]");
    if (button && actions[button.dataset.do]) { event.preventDefault(); tried(actions[button.dataset.do](button)); }
    if (document.body.dataset.rail === "open" && !event.target.closest("#rail, [data-do=rail]")) closeRail();
  });
  window.addEventListener("hashchange", route);
  const theme = local("theme");
  if (theme) setTheme(theme);
}

function start() {
  const parts = ["#top .bar", "#rail .rail", "#turns", "#scope .scope", "#question textarea", "#send", "#stop", "#library-view .view",
    "#settings-view .view", "#reader .panel"];
  if (!parts.every((part) => $(part))) return requestAnimationFrame(start);
  translate(document);
  wire();
  wireReader();
  wireLibrary();
  wireConversations();
  keyboard();
  hoverCards();
  refreshConversations();
  route();
  watchBuild();
  document.body.dataset.ready = "yes";
}

window.footnote = { asking, live, stopped, refused };
start();
