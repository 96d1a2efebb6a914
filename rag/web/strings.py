"""Every word that the interface says, in English, German and Chinese.

``say`` fills a text in; a text with a bar is "one|many" and is chosen by ``n``. The same table is given
to Gradio (``gr.I18n``) for its own components and to the page's script.
"""

from __future__ import annotations

import json

__all__ = ["LANGUAGES", "say", "script", "table"]

LANGUAGES = {"en": "English", "de": "Deutsch", "zh": "中文"}

_TEXTS: dict[str, tuple[str, str, str]] = {
    # the frame
    "tagline": ("Ask your documents.", "Fragen Sie Ihre Dokumente.", "向您的文档提问。"),
    "skip": ("Skip to the question", "Zur Frage springen", "跳到提问框"),
    "ask": ("Ask", "Fragen", "提问"),
    "documents": ("Documents", "Dokumente", "文档"),
    "settings": ("Settings", "Einstellungen", "设置"),
    "help": ("Help", "Hilfe", "帮助"),
    "menu": ("Conversations", "Gespräche", "对话"),
    "views": ("Views", "Ansichten", "视图"),
    "theme": ("Light or dark", "Hell oder dunkel", "浅色或深色"),
    "close": ("Close", "Schließen", "关闭"),
    "cancel": ("Cancel", "Abbrechen", "取消"),
    "offline": (
        "The server does not answer. Is it still running?",
        "Der Server antwortet nicht. Läuft er noch?",
        "服务器没有响应。它还在运行吗？",
    ),
    "full": (
        "Too many people are asking at once. Try again in a moment.",
        "Es fragen gerade zu viele. Bitte gleich noch einmal versuchen.",
        "同时提问的人太多，请稍后再试。",
    ),
    "fault": (
        "Footnote has a fault here; the terminal it runs in says more.",
        "Hier hat Footnote einen Fehler; mehr steht im Terminal, in dem es läuft.",
        "Footnote 在此出现故障；详情请查看运行它的终端。",
    ),
    # asking
    "question": ("Your question", "Ihre Frage", "您的问题"),
    "placeholder": ("Ask your documents…", "Fragen Sie Ihre Dokumente…", "向您的文档提问……"),
    "send": ("Ask", "Fragen", "提问"),
    "stop": ("Stop", "Anhalten", "停止"),
    "stopped": ("Stopped.", "Angehalten.", "已停止。"),
    "all_collections": ("All documents", "Alle Dokumente", "全部文档"),
    "collections": ("Where to look", "Wo gesucht wird", "搜索范围"),
    "collection": ("Collection", "Sammlung", "文档集"),
    "no_collection": ("(no collection)", "(ohne Sammlung)", "（无文档集）"),
    "welcome": ("What would you like to know?", "Was möchten Sie wissen?", "您想知道什么？"),
    "welcome_more": (
        "Every sentence of an answer points at the exact words it came from.",
        "Jeder Satz einer Antwort zeigt auf die genauen Worte, aus denen er stammt.",
        "答案中的每一句话都指向其出处的原文。",
    ),
    "welcome_empty": (
        "There are no documents yet. Add some, and ask.",
        "Noch gibt es keine Dokumente. Fügen Sie welche hinzu und fragen Sie.",
        "还没有文档。请先添加文档，然后提问。",
    ),
    "add_documents": ("Add documents", "Dokumente hinzufügen", "添加文档"),
    "examples": ("Examples", "Beispiele", "示例"),
    "earlier": ("Show earlier questions", "Frühere Fragen zeigen", "显示更早的问题"),
    "conversation": ("Conversation", "Gespräch", "对话内容"),
    # the answer
    "searching": ("Searching…", "Suche…", "正在搜索……"),
    "loading_model": (
        "Loading the model (only the first time)…",
        "Das Modell wird geladen (nur beim ersten Mal)…",
        "正在加载模型（仅首次需要）……",
    ),
    "searched": (
        "Searched {passages} in {documents} · {time}",
        "{passages} durchsucht, {documents} · {time}",
        "已搜索{documents}中的{passages} · {time}",
    ),
    "n_passages": ("{n} passage|{n} passages", "{n} Abschnitt|{n} Abschnitte", "{n} 个段落|{n} 个段落"),
    "n_documents": ("{n} document|{n} documents", "{n} Dokument|{n} Dokumente", "{n} 个文档|{n} 个文档"),
    "searched_for": ("Searched for", "Gesucht wurde", "实际搜索"),
    "edit_query": ("Change this question", "Diese Frage ändern", "修改此问题"),
    "abstained": ("The documents do not say.", "Die Dokumente sagen es nicht.", "文档中没有提到。"),
    "closest": ("Closest passages, not an answer", "Die nächsten Stellen, keine Antwort", "最接近的段落（并非答案）"),
    "coverage": (
        "{k} of {n} sentence supported|{k} of {n} sentences supported",
        "{k} von {n} Satz belegt|{k} von {n} Sätzen belegt",
        "{n} 句中有 {k} 句有依据|{n} 句中有 {k} 句有依据",
    ),
    "legend": ("What the marks mean", "Was die Zeichen bedeuten", "标记的含义"),
    "verbatim": ("word for word", "wörtlich", "逐字引用"),
    "supported": ("supported", "belegt", "有依据"),
    "weak": ("weakly supported", "schwach belegt", "依据较弱"),
    "unsupported": ("not supported", "nicht belegt", "无依据"),
    "sources": ("Sources", "Quellen", "来源"),
    "source_n": ("Source {n}: {where}", "Quelle {n}: {where}", "来源 {n}：{where}"),
    "page": ("page {n}", "Seite {n}", "第 {n} 页"),
    "page_of": ("Page {n} of {total}", "Seite {n} von {total}", "第 {n} 页，共 {total} 页"),
    "follow_ups": ("Ask next", "Weiter fragen", "继续提问"),
    "about": (
        "What do the documents say about “{topic}”?",
        "Was sagen die Dokumente über „{topic}“?",
        "文档中关于“{topic}”说了什么？",
    ),
    "copy": ("Copy", "Kopieren", "复制"),
    "copied": ("Copied", "Kopiert", "已复制"),
    "right": ("Right", "Richtig", "正确"),
    "wrong": ("Not right", "Nicht richtig", "不正确"),
    "wrong_source": ("Wrong source", "Falsche Quelle", "来源错误"),
    "not_in_documents": ("Not in my documents", "Steht nicht in meinen Dokumenten", "不在我的文档中"),
    "should_have_found": ("Should have found…", "Hätte finden sollen…", "本应找到……"),
    "pick_passage": ("Which passage is the right one?", "Welche Stelle ist die richtige?", "哪个段落是正确的？"),
    "this_one": ("This one", "Diese", "就是这个"),
    "thanks": ("Thank you, noted.", "Danke, notiert.", "谢谢，已记录。"),
    "feedback": ("What was wrong?", "Was stimmte nicht?", "哪里不对？"),
    "retry": ("Try again", "Noch einmal", "重试"),
    "failed": ("That did not work", "Das hat nicht geklappt", "操作未成功"),
    "took": ("{generator} · {time}", "{generator} · {time}", "{generator} · {time}"),
    # the reader
    "reader": ("Sources and original", "Quellen und Original", "来源与原文"),
    "original": ("Original", "Original", "原文"),
    "cited": ("Cited", "Zitiert", "已引用"),
    "found": ("Also found", "Auch gefunden", "其他结果"),
    "why": ("Why", "Warum", "原因"),
    "previous": ("Previous citation", "Vorige Stelle", "上一处引用"),
    "next": ("Next citation", "Nächste Stelle", "下一处引用"),
    "previous_page": ("Previous page", "Vorige Seite", "上一页"),
    "next_page": ("Next page", "Nächste Seite", "下一页"),
    "zoom_in": ("Larger", "Größer", "放大"),
    "zoom_out": ("Smaller", "Kleiner", "缩小"),
    "as_page": ("Page", "Seite", "页面"),
    "as_text": ("Text", "Text", "文本"),
    "as_table": ("Table", "Tabelle", "表格"),
    "open_original": ("Open original", "Original öffnen", "打开原文"),
    "download": ("Download", "Herunterladen", "下载"),
    "copy_quote": ("Copy quote", "Zitat kopieren", "复制引文"),
    "gone": (
        "This document is no longer in the corpus. These are the words that were cited.",
        "Dieses Dokument ist nicht mehr vorhanden. Dies sind die zitierten Worte.",
        "该文档已不在文档库中。以下是当时引用的文字。",
    ),
    "more_above": ("Show more above", "Davor mehr zeigen", "显示上文"),
    "more_below": ("Show more below", "Danach mehr zeigen", "显示下文"),
    "nothing_cited": ("Nothing was cited.", "Es wurde nichts zitiert.", "没有引用。"),
    "nothing_found": ("Nothing else was found.", "Sonst wurde nichts gefunden.", "没有其他结果。"),
    "lexical_rank": ("Words", "Wörter", "词匹配"),
    "dense_rank": ("Meaning", "Bedeutung", "语义"),
    "fused": ("Fused", "Zusammen", "融合"),
    "reranked": ("Reranked", "Neu geordnet", "重排"),
    "dropped": ("Outcome", "Ergebnis", "结果"),
    "kept": ("kept", "behalten", "保留"),
    "why_not": ("Why not this document?", "Warum nicht dieses Dokument?", "为什么不是这个文档？"),
    "look": ("Look", "Nachsehen", "查看"),
    "why_rank": (
        "Its best passage came at rank {rank}, behind the {k} that were used.",
        "Seine beste Stelle kam auf Rang {rank}, hinter den {k} verwendeten.",
        "其最佳段落排在第 {rank} 位，位于所用的 {k} 个段落之后。",
    ),
    "why_used": (
        "It was used: its best passage came at rank {rank}.",
        "Es wurde verwendet: Seine beste Stelle kam auf Rang {rank}.",
        "已使用：其最佳段落排在第 {rank} 位。",
    ),
    "why_nothing": (
        "None of its passages is among the first {k} for this question.",
        "Keine seiner Stellen ist unter den ersten {k} für diese Frage.",
        "该文档没有段落进入此问题的前 {k} 名。",
    ),
    "find_support": ("Find support", "Beleg suchen", "查找依据"),
    "support_for": ("Nearest words in the documents", "Die nächsten Worte in den Dokumenten", "文档中最接近的文字"),
    # documents
    "library": ("Documents", "Dokumente", "文档"),
    "search_documents": ("Search documents", "Dokumente suchen", "搜索文档"),
    "upload_files": ("Add files", "Dateien hinzufügen", "添加文件"),
    "upload_folder": ("Add a folder", "Ordner hinzufügen", "添加文件夹"),
    "drop": (
        "or drop files, folders or a ZIP here",
        "oder Dateien, Ordner oder ein ZIP hier ablegen",
        "或将文件、文件夹或 ZIP 拖放到此处",
    ),
    "into": ("into the collection", "in die Sammlung", "放入文档集"),
    "uploading": ("Sending {done} of {total}", "Sende {done} von {total}", "正在发送 {done} / {total}"),
    "building": ("{stage}: {done} of {total}", "{stage}: {done} von {total}", "{stage}：{done} / {total}"),
    "rate": ("{n} a second", "{n} je Sekunde", "每秒 {n}"),
    "left": ("{time} left", "noch {time}", "剩余 {time}"),
    "stage_reading": ("Reading", "Lesen", "读取"),
    "stage_passages": ("Cutting into passages", "In Abschnitte teilen", "切分段落"),
    "stage_vectors": ("Learning the meaning", "Bedeutung erfassen", "计算语义"),
    "built": (
        "Done: {documents}, {passages}, in {time}",
        "Fertig: {documents}, {passages}, in {time}",
        "完成：{documents}，{passages}，用时 {time}",
    ),
    "replaced": (
        "{n} file replaced: {names}|{n} files replaced: {names}",
        "{n} Datei ersetzt: {names}|{n} Dateien ersetzt: {names}",
        "已替换 {n} 个文件：{names}|已替换 {n} 个文件：{names}",
    ),
    "replace_ask": (
        "Already there with other content; replace?\n{names}",
        "Schon vorhanden, mit anderem Inhalt; ersetzen?\n{names}",
        "已存在内容不同的同名文件，是否替换？\n{names}",
    ),
    "skipped": ("Not read", "Nicht gelesen", "未读取"),
    "name": ("Name", "Name", "名称"),
    "kind": ("Kind", "Art", "类型"),
    "pages": ("Pages", "Seiten", "页数"),
    "passages": ("Passages", "Abschnitte", "段落"),
    "size": ("Size", "Größe", "大小"),
    "date": ("Date", "Datum", "日期"),
    "same_as": ("Holds the same as {source}", "Enthält dasselbe wie {source}", "与 {source} 内容相同"),
    "warnings": ("Warnings", "Hinweise", "警告"),
    "actions": ("Actions", "Aktionen", "操作"),
    "open": ("Open", "Öffnen", "打开"),
    "remove": ("Remove", "Entfernen", "移除"),
    "remove_ask": (
        "Remove “{name}” from the corpus? The file is deleted.",
        "„{name}“ entfernen? Die Datei wird gelöscht.",
        "从文档库中移除“{name}”？文件将被删除。",
    ),
    "no_documents": ("No documents here.", "Keine Dokumente hier.", "这里没有文档。"),
    "rebuild": ("Look for changes", "Nach Änderungen sehen", "检查更改"),
    # conversations
    "new": ("New conversation", "Neues Gespräch", "新对话"),
    "search_conversations": ("Search conversations", "Gespräche suchen", "搜索对话"),
    "no_conversations": ("Nothing asked yet.", "Noch nichts gefragt.", "还没有提问。"),
    "rename": ("Rename", "Umbenennen", "重命名"),
    "rename_ask": ("New title", "Neuer Titel", "新标题"),
    "delete": ("Delete", "Löschen", "删除"),
    "delete_ask": ("Delete this conversation?", "Dieses Gespräch löschen?", "删除此对话？"),
    "export": ("Export", "Exportieren", "导出"),
    "more": ("More", "Mehr", "更多"),
    "today": ("Today", "Heute", "今天"),
    "before": ("Earlier", "Früher", "更早"),
    # settings
    "generator": ("Who writes the answer", "Wer die Antwort schreibt", "答案生成方式"),
    "extractive": (
        "The documents' own words; needs no language model",
        "Die Worte der Dokumente selbst; braucht kein Sprachmodell",
        "使用文档原文；无需语言模型",
    ),
    "model": ("Model", "Modell", "模型"),
    "base_url": ("Server address", "Adresse des Servers", "服务器地址"),
    "strictness": ("Strictness", "Strenge", "严格程度"),
    "strictness_more": (
        "0 always answers, 1 only when certain",
        "0 antwortet immer, 1 nur wenn sicher",
        "0 总是回答，1 仅在确定时回答",
    ),
    "k": ("Passages used for an answer", "Abschnitte für eine Antwort", "每次回答使用的段落数"),
    "language": ("Language of the page", "Sprache der Seite", "界面语言"),
    "save": ("Save", "Speichern", "保存"),
    "saved": ("Saved.", "Gespeichert.", "已保存。"),
    "locked": (
        "This page is served to other machines; its settings are changed where it was started.",
        "Diese Seite ist für andere Rechner freigegeben; geändert wird sie dort, wo sie gestartet wurde.",
        "此页面对其他计算机开放；设置只能在启动它的地方更改。",
    ),
    "index": ("Index", "Index", "索引"),
    "status_line": (
        "{documents}, {passages}, {embedder}",
        "{documents}, {passages}, {embedder}",
        "{documents}，{passages}，{embedder}",
    ),
    # help
    "help_ask": ("go to the question", "zur Frage", "跳到提问框"),
    "help_cites": ("previous and next citation", "vorige und nächste Stelle", "上一处和下一处引用"),
    "help_open": ("open the citation in focus", "die gewählte Stelle öffnen", "打开当前引用"),
    "help_back": ("back to the citation", "zurück zur Stelle", "返回引用处"),
    "help_sources": ("sources of the last answer", "Quellen der letzten Antwort", "最近答案的来源"),
    "help_help": ("this help", "diese Hilfe", "本帮助"),
    "help_select": (
        "Select words in an answer to look for their support.",
        "Markieren Sie Worte einer Antwort, um nach ihrem Beleg zu suchen.",
        "选中答案中的文字可查找其依据。",
    ),
}


def say(language: str, key: str, **values: object) -> str:
    """The text ``key`` in ``language`` (English when that is not known), filled in."""
    column = list(LANGUAGES).index(language) if language in LANGUAGES else 0
    text = _TEXTS[key][column]
    if "|" in text:
        one, many = text.split("|")
        text = one if values.get("n") == 1 else many
    return text.format(**values) if values else text


def table(language: str) -> dict[str, str]:
    """All texts of one language, as they stand."""
    column = list(LANGUAGES).index(language)
    return {key: texts[column] for key, texts in _TEXTS.items()}


def script() -> str:
    """All texts of all languages as one JavaScript value, safe inside ``<script>``."""
    return json.dumps({language: table(language) for language in LANGUAGES}).replace("<", "\\u003c")
