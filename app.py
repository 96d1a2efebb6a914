"""Start the web chat: ``python app.py`` (``rag serve`` has the options)."""

from rag.web import serve

if __name__ == "__main__":
    serve()
