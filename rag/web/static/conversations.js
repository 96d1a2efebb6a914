// The list of conversations: open, search, rename, delete, export.

import { $, api, choose, parsed, register, t } from "./common.js";
import { welcome } from "./chat.js";
import { closeReader } from "./reader.js";

export const conversation = { id: null, earlier: null };

export async function refreshConversations() {
  const search = $("#find-conversation").value;
  const entries = await api(`conversations?search=${encodeURIComponent(search)}`).catch(() => []);
  const list = $(".conversations");
  if (!entries.length) {
    list.replaceChildren(parsed(`<li class="empty"></li>`));
    list.firstChild.textContent = t("no_conversations");
    return;
  }
  list.replaceChildren(...entries.map(row));
}

function row(entry) {
  const li = parsed(`<li><a dir="auto"></a><button type="button" class="icon" data-do="conversation">
    <svg viewBox="0 0 20 20"><path d="M4 10h.1M10 10h.1M16 10h.1"/></svg></button></li>`);
  const link = $("a", li);
  link.href = `#c=${entry.id}`;
  link.textContent = entry.title;
  if (entry.id === conversation.id) link.setAttribute("aria-current", "true");
  const button = $("button", li);
  button.dataset.id = entry.id;
  button.dataset.title = entry.title;
  button.setAttribute("aria-label", `${t("more")}: ${entry.title}`);
  return li;
}

export async function loadConversation(id) {
  const found = await api(`conversations/${id}`).catch(() => null);
  if (!found) return newConversation();
  conversation.id = id;
  closeReader();
  $(".welcome").hidden = true;
  $("#turns").innerHTML = found.html;
  setEarlier(found.earlier);
  $("#turns").lastElementChild?.scrollIntoView({ block: "start", behavior: "instant" });
  refreshConversations();
}

function setEarlier(turn) {
  conversation.earlier = turn;
  $(".earlier").hidden = turn === null;
}

export function newConversation() {
  conversation.id = null;
  setEarlier(null);
  $("#turns").replaceChildren();
  closeReader();
  if (location.hash.startsWith("#c=")) history.replaceState(null, "", "#");
  welcome();
  refreshConversations();
  $("#question textarea").focus();
}

register({
  new: () => { location.hash = "ask"; newConversation(); },
  earlier: async () => {
    const first = $("#turns").firstElementChild;
    const found = await api(`conversations/${conversation.id}?before=${conversation.earlier}`);
    $("#turns").insertAdjacentHTML("afterbegin", found.html);
    setEarlier(found.earlier);
    first.scrollIntoView({ block: "start", behavior: "instant" });
  },
  conversation: async (button) => {
    const { id, title } = button.dataset;
    const what = await choose(title, ["rename", "export", "delete"]);
    if (what === "rename") {
      const fresh = await choose(t("rename_ask"), ["rename"], { input: title });
      if (fresh) await api(`conversations/${id}`, { method: "PATCH", body: { title: fresh } });
    }
    if (what === "export") await exportConversation(id);
    if (what === "delete" && (await choose(t("delete_ask"), ["delete"]))) {
      await api(`conversations/${id}`, { method: "DELETE" });
      if (id === conversation.id) newConversation();
    }
    refreshConversations();
  },
});

async function exportConversation(id) {
  const format = await choose(t("export"), ["Markdown", "HTML", "JSON"]);
  if (!format) return;
  const link = document.createElement("a");
  link.href = `/api/conversations/${id}/export.${{ Markdown: "md" }[format] ?? format.toLowerCase()}`;
  link.download = "";
  link.click();
}

export function wireConversations() {
  let timer;
  $("#find-conversation").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refreshConversations, 200);
  });
}
