// The panel beside the conversation: the original at the cited words, and the evidence of a turn.

import { $, $$, api, choose, register, t } from "./common.js";
import { copyText, mark } from "./chat.js";

// what is open: the element that opened it, its turn, its place in a document, the page and its zoom
const state = { opener: null, turn: null, place: null, shown: null, view: "auto", zoom: 1, tab: "original" };

const panel = () => $("#reader .panel");
const body = () => $("#panel-body");

export const isOpen = () => !panel().hidden;

function show(opener) {
  if (!state.opener || !isOpen()) state.opener = document.activeElement;
  if (opener) state.opener = opener;
  panel().hidden = false;
  document.body.dataset.reader = "open";
}

export function closeReader({ focus = false } = {}) {
  if (!isOpen()) return;
  panel().hidden = true;
  delete document.body.dataset.reader;
  $$(".cite.active").forEach((element) => element.classList.remove("active"));
  if (focus) (state.opener?.isConnected ? state.opener : $("#question textarea")).focus();
}

// the open turn; one that was still being written has been replaced by its final form since
function turn() {
  if (state.turn && !state.turn.isConnected) state.turn = $$(".turn").at(-1) ?? null;
  return state.turn;
}

const place = ({ document, start, end, n }) => ({ document, start, end, n });

export async function openCitation(element) {
  const inPanel = element.closest("#reader");
  state.turn = inPanel ? state.turn : element.closest(".turn");
  state.view = "auto";
  await open(place(element.dataset), inPanel ? marker(element.dataset.n) : element);
}

export async function openPassage(element) {
  if (!element.closest("#reader")) state.turn = element.closest(".turn");
  state.view = "auto";
  await open(place(element.dataset), element.closest("#reader") ? null : element);
}

// the marker of a citation in the open turn, or its chip
const marker = (n) => turn() && ($(`a.cite[data-n="${n}"]`, turn()) ?? $(`.source[data-n="${n}"]`, turn()));

async function open(where, opener) {
  show(opener);
  state.place = where;
  select("original");
  $$(".cite.active").forEach((element) => element.classList.remove("active"));
  if (opener?.matches(".cite")) opener.classList.add("active");
  await draw();
  panel().focus({ preventScroll: true });
}

async function draw(more = {}) {
  const { document: id, start, end } = state.place;
  const query = new URLSearchParams({ document: id, start, end, view: state.view, ...more });
  body().setAttribute("aria-busy", "true");
  try {
    state.shown = await api(`reader?${query}`);
  } catch (error) {
    return gone(error);
  } finally {
    body().removeAttribute("aria-busy");
  }
  if (state.shown.gone) return gone(new Error(t("gone")));
  const { title, where, html, view, pdf, page, pages, original } = state.shown;
  for (const part of $$(".about", panel())) part.hidden = false;
  $("h2", panel()).textContent = title;
  $(".whereabouts", panel()).innerHTML = where;
  body().innerHTML = html;
  for (const [name, pressed] of [["as-page", view === "page"], ["as-text", view === "text"]]) {
    const button = $(`[data-do=${name}]`, panel());
    button.hidden = !pdf;
    button.setAttribute("aria-pressed", String(pressed));
  }
  $("[data-do=wrong-source]", panel()).hidden = !turn() || !state.place.n;
  $(".pager", panel()).hidden = view !== "page";
  $("[data-do=page-back]", panel()).disabled = page <= 1;
  $("[data-do=page-on]", panel()).disabled = page >= pages;
  $("[data-link=open]", panel()).href = original + (pdf && page ? `#page=${page}` : "");
  $("[data-link=download]", panel()).href = `${original}?download=1`;
  zoom(state.zoom);
  position();
  if (more.low === undefined) centre($("mark, .box", body()) ?? null);
}

// the document is no longer there: the words of the time of the answer still are
function gone(error) {
  const source = marker(state.place.n)?.closest(".turn")?.querySelector(`.source[data-n="${state.place.n}"]`);
  for (const part of $$(".about", panel())) part.hidden = true;
  body().innerHTML = `<p class="note" role="alert"></p><blockquote dir="auto"></blockquote>`;
  $("p", body()).textContent = source ? t("gone") : error.message;
  $("blockquote", body()).textContent = source?.dataset.quote ?? "";
}

function centre(element) {
  if (!element) return void (body().scrollTop = 0);
  const box = element.getBoundingClientRect(), frame = body().getBoundingClientRect();
  body().scrollTop += box.top - frame.top - frame.height / 3;
}

function zoom(factor) {
  state.zoom = Math.min(3, Math.max(1, factor));
  const page = $(".page", body());
  if (!page) return;
  page.style.width = `${state.zoom * 100}%`;
  const image = $("img", page);
  const wanted = image.getAttribute("src").split("?")[0] + `?scale=${state.zoom > 1.2 ? 3 : 1.5}`;
  if (image.getAttribute("src") !== wanted) image.src = wanted;
}

// the numbers of the open turn in order, and where in them we are
function numbers() {
  return turn() ? $$(".source", turn()).map((chip) => chip.dataset.n) : [];
}

function position() {
  const all = numbers(), i = all.indexOf(state.place?.n);
  $(".position", panel()).textContent = i < 0 ? "" : `${i + 1} / ${all.length}`;
  $("[data-do=previous]", panel()).disabled = i <= 0;
  $("[data-do=next]", panel()).disabled = i < 0 || i >= all.length - 1;
}

export function step(by) {
  if (!isOpen() || !state.place) {
    state.turn = $$(".turn").at(-1) ?? null;
    const first = numbers()[by > 0 ? 0 : numbers().length - 1];
    if (first) openCitation(marker(first));
    return;
  }
  const all = numbers(), next = all[all.indexOf(state.place.n) + by];
  if (next) openCitation(marker(next));
}

// -- tabs --------------------------------------------------------------------------------------------

function select(tab) {
  state.tab = tab;
  for (const button of $$("[role=tab]", panel())) {
    const chosen = button.dataset.tab === tab;
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    if (chosen) body().setAttribute("aria-labelledby", button.id);
  }
  for (const part of $$(".about", panel())) part.hidden = tab !== "original";
}

export async function openPanel(of, tab) {
  show(document.activeElement);
  state.turn = of;
  await openTab(tab);
  panel().focus({ preventScroll: true });
}

async function openTab(tab) {
  select(tab);
  if (tab === "original") {
    if (!state.place && numbers().length) return openCitation(marker(numbers()[0]));
    if (state.place) return draw();
    body().innerHTML = `<p class="empty"></p>`;
    $("p", body()).textContent = t("nothing_cited");
    for (const part of $$(".about", panel())) part.hidden = true;
    return;
  }
  const id = turn()?.dataset.turn;
  if (!/^\d+$/.test(id ?? "")) return void (body().innerHTML = "");
  const { html } = await api(`turns/${id}/panel?tab=${tab}`);
  body().innerHTML = html;
  body().scrollTop = 0;
}

// -- find support ------------------------------------------------------------------------------------

let selection = "";

// the element that a selection begins in
function around({ anchorNode }) {
  return anchorNode?.nodeType === Node.ELEMENT_NODE ? anchorNode : anchorNode?.parentElement;
}

function watchSelection() {
  const button = $("#find-support");
  document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    const text = chosen.toString().trim();
    if (!around(chosen)?.closest(".answer") || text.length < 8) return void (button.hidden = true);
    selection = text.slice(0, 2000);
    const box = chosen.getRangeAt(0).getBoundingClientRect();
    button.hidden = false;
    button.style.left = `${Math.max(8, Math.min(innerWidth - 150, box.left))}px`;
    button.style.top = `${Math.max(8, box.bottom + 8)}px`;
  });
}

async function support() {
  $("#find-support").hidden = true;
  const { html } = await api("support", { method: "POST", body: { text: selection } });
  const of = around(document.getSelection())?.closest(".turn");
  show(document.activeElement);
  state.turn = of ?? state.turn;
  select("found");
  body().innerHTML = `<h3></h3>${html}`;
  $("h3", body()).textContent = t("support_for");
  panel().focus({ preventScroll: true });
}

const span = ({ document: id, start, end }) => ({ document: id, start: Number(start), end: Number(end) });

// -- wiring ------------------------------------------------------------------------------------------

register({
  close: () => closeReader({ focus: true }),
  previous: () => step(-1),
  next: () => step(1),
  "as-page": () => { state.view = "auto"; draw(); },
  "as-text": () => { state.view = "text"; draw(); },
  "page-back": () => draw({ page: state.shown.page - 1 }),
  "page-on": () => draw({ page: state.shown.page + 1 }),
  "zoom-in": () => zoom(state.zoom * 1.4),
  "zoom-out": () => zoom(state.zoom / 1.4),
  window: (button) => draw({ low: button.dataset.low, high: button.dataset.high }),
  support,
  "copy-quote": (button) => {
    const source = turn() && $(`.source[data-n="${state.place.n}"]`, turn());
    const quote = source?.dataset.quote ?? $$("mark", body()).map((part) => part.textContent).join(" ");
    const reference = source?.dataset.where ?? state.shown.title;
    return copyText(`“${quote}” (${reference})`, button);
  },
  "wrong-source": async () => {
    if (!turn() || !state.place) return;
    const found = await choose(t("wrong_source"), ["wrong_source"]);
    if (!found) return;
    await mark(turn(), "wrong source", [span(state.place)]);
  },
  "wrong-this": async (button) => {
    await mark(turn(), "wrong source", [span($(".passage", button.closest("li")).dataset)]);
    button.replaceWith(t("thanks"));
  },
  should: async (button) => {
    await mark(turn(), "should have found", [span($(".passage", button.closest("li")).dataset)]);
    button.replaceWith(t("thanks"));
  },
});

export function wireReader() {
  $(".tabs", panel()).addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) openTab(tab.dataset.tab);
  });
  $(".tabs", panel()).addEventListener("keydown", (event) => {
    const tabs = $$("[role=tab]", panel()), i = tabs.findIndex((tab) => tab.dataset.tab === state.tab);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(i + by + tabs.length) % tabs.length];
    openTab(next.dataset.tab).then(() => next.focus());
  });
  panel().addEventListener("submit", async (event) => {
    if (event.target.dataset.form !== "why") return;
    event.preventDefault();
    const source = new FormData(event.target).get("source");
    const { html } = await api(`turns/${turn().dataset.turn}/why?source=${encodeURIComponent(source)}`);
    $("[role=status]", event.target).textContent = html;
  });
  select("original");
  watchSelection();
}
