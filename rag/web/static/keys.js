// Everything without a mouse, and the card that shows a source while the pointer or focus is on it.

import { $, $$, register, t } from "./common.js";
import { closeReader, isOpen, openPanel, step } from "./reader.js";

const typing = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

const keys = {
  "/": () => { location.hash = location.hash.startsWith("#c=") ? location.hash : "ask"; $("#question textarea").focus(); },
  "[": () => step(-1),
  "]": () => step(1),
  s: () => { const turn = $$(".turn").at(-1); if (turn) openPanel(turn, "cited"); },
  "?": () => help(),
};

export function keyboard() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.key === "Escape") {
      hide();
      if (isOpen()) closeReader({ focus: true });
      else if (document.activeElement) document.activeElement.blur();
      return;
    }
    const cite = event.target.closest?.("a.cite");
    if (cite && event.key === " ") { event.preventDefault(); return cite.click(); }
    if (typing(event.target) || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function help() {
  const rows = [["/", "help_ask"], ["[ ]", "help_cites"], ["Enter", "help_open"], ["Esc", "help_back"],
    ["s", "help_sources"], ["?", "help_help"]];
  const dialog = $("#dialog");
  dialog.innerHTML = `<form method="dialog"><h2 id="dialog-title"></h2><dl class="keys"></dl><p></p>
    <div class="buttons"><button class="primary"></button></div></form>`;
  $("h2", dialog).textContent = t("help");
  for (const [key, text] of rows) {
    const term = document.createElement("dt"), words = document.createElement("dd");
    term.innerHTML = key.split(" ").map(() => "<kbd></kbd>").join(" ");
    $$("kbd", term).forEach((kbd, i) => { kbd.textContent = key.split(" ")[i]; });
    words.textContent = t(text);
    $("dl", dialog).append(term, words);
  }
  $("p", dialog).textContent = t("help_select");
  $("button", dialog).textContent = t("close");
  dialog.onclose = null;
  dialog.showModal();
}

register({ help });

// -- the card ----------------------------------------------------------------------------------------

const card = () => $("#card");
let timer;

function hide() {
  clearTimeout(timer);
  card().hidden = true;
}

function show(cite) {
  const chip = $(`.source[data-n="${cite.dataset.n}"]`, cite.closest(".turn") ?? document);
  if (!chip) return;
  card().innerHTML = `<p class="quote" dir="auto"></p><p class="from" dir="auto"></p><p class="from"></p>`;
  $(".quote", card()).textContent = chip.dataset.quote;
  $(".from", card()).textContent = chip.dataset.where;
  card().lastChild.textContent = cite.dataset.state ?? "";
  card().hidden = false;
  const box = cite.getBoundingClientRect(), size = card().getBoundingClientRect();
  const above = box.top - size.height - 8;
  card().style.left = `${Math.max(8, Math.min(innerWidth - size.width - 8, box.left - 24))}px`;
  card().style.top = `${above > 8 ? above : box.bottom + 8}px`;
}

export function hoverCards() {
  document.addEventListener("pointerover", (event) => {
    const cite = event.pointerType === "touch" ? null : event.target.closest?.(".turn a.cite, .turn .source");
    if (cite) { clearTimeout(timer); timer = setTimeout(show, 120, cite); }
    else hide();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("a.cite:focus-visible")) show(event.target);
    else hide();
  });
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  document.addEventListener("pointerdown", hide);
}
