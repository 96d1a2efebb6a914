"""Greetings, thanks and questions about the assistant itself: answered without sources.

A question is small talk only when nothing else is in it: "Hello, how do I add documents?" is a question.
"""

from __future__ import annotations

import re

__all__ = ["small_talk"]

_HELLO = "Hello! Ask me something about your documents, and I will show you where the answer stands."
_WELCOME = "You are welcome. Every number in an answer opens the words it came from."
_GOODBYE = "Goodbye."
_MYSELF = (
    "I am Footnote: I look for the answer in your documents and point at the exact words. "
    "When the documents do not say, I tell you so."
)
_FINE = "All is well, thank you. Ask me something about your documents."
_GLAD = "Glad that it helps. What else would you like to know from your documents?"
_SORRY = "I am sorry. Tell me in other words what you are looking for, and I will look again in your documents."

# Whole utterances, folded, without punctuation; one pattern a line.
_WHO = (
    r"( footnote| there| everyone| everybody| all| again| bot| assistant| you| my friend| friend| zusammen| "
    r"à tous| a todos)?"
)
_REPLIES: tuple[tuple[str, str], ...] = (
    (
        r"((hi|hello|hey|hiya|howdy|yo|greetings|good (morning|afternoon|evening|day)|hallo|servus|moin|grüezi|"
        r"guten (tag|morgen|"
        r"abend)|grüß gott|bonjour|bonsoir|salut|coucou|hola|buenos días|buenas (tardes|noches)|ciao|salve|"
        r"buongiorno|"
        r"buonasera|olá|oi|bom dia|boa tarde|boa noite|goedemorgen|goedendag|hej|hei|god dag|cześć|dzień dobry|"
        r"привет|"
        r"здравствуйте|добрый день|merhaba|selam|"
        r"你好|您好|こんにちは|안녕하세요|안녕|مرحبا|السلام عليكم|नमस्ते|γεια( σου| σας)?)"
        rf"{_WHO} ?)+",
        _HELLO,
    ),
    (
        r"((ok|okay|great|perfect|super|nice|cool|wonderful|excellent|oh|ah|no|yes) )*((many |a lot of "
        r")?(thanks|thank you|thx|ty|cheers"
        r"|thank u)( so| very)?( much| a lot| a bunch| a million)?|danke( schön| sehr| dir| ihnen)?|vielen dank|"
        r"besten dank"
        r"|merci( beaucoup| bien)?|(muchas )?gracias|(mille )?grazie( mille)?|(muito )?obrigad[oa]|dank je( "
        r"wel)?|dank u|bedankt"
        r"|tack( så mycket)?|takk|tak|dziękuję|спасибо( большое)?|teşekkürler|teşekkür ederim|"
        r"谢谢|謝謝|ありがとう(ございます)?"
        r"|감사합니다|شكرا|धन्यवाद|ευχαριστώ)"
        r"( for (your|the|all your|that|this|all the)( help| answer| information| info)?| for helping( me)?| "
        r"footnote| again)?"
        r"( that (helps|helped|is helpful|was helpful|is all|s all)( a lot)?| (this|that) (is|was) (very "
        r")?helpful)?( (bye|goodbye))?",
        _WELCOME,
    ),
    (
        r"(good ?bye|bye( bye)?|see (you|ya)( later| soon| tomorrow)?|have a (nice|good|great) (day|evening|one|"
        r"weekend)|good night|"
        r"farewell|tschüss?|auf wiedersehen|bis (bald|dann|später|morgen)|au revoir|à bientôt|adiós|hasta "
        r"(luego|mañana|pronto)|"
        r"arrivederci|a presto|tchau|até logo|tot ziens|до свидания|пока|再见|さようなら|안녕히 계세요)" + _WHO,
        _GOODBYE,
    ),
    (
        r"(how are you( doing)?( today)?|how do you do|how is it going|hows it going|what s up|whats up|wie "
        r"geht( es| s)?( dir| ihnen)?|"
        r"wie gehts|ça va|comment (ça va|vas tu|allez vous)|cómo (estás|está usted|está)|qué tal|come (stai|va)|"
        r"tudo bem)",
        _FINE,
    ),
    (
        r"((so|ok|and|well) )?(who|what) are you( exactly| really)?|who am i (talking|speaking) (to|with)|what "
        r"(can|do) you do( for me)?"
        r"|what can (i|you) (ask( you)?|help( me)?( with)?)|how (do|can) you (work|help)( me)?|can you help( "
        r"me)?|help( me)?( please)?"
        r"|(what|who) is footnote( for)?|are you (a |an )?(bot|robot|ai|human|person|real|chatbot|assistant|"
        r"chatgpt|gpt|machine)"
        r"|what is your name|what s your name|do you have a name|introduce yourself|tell me about yourself|who "
        r"(made|built|created|"
        r"wrote|developed) you|what (model|llm|language model) are you|which model are you|do you (use|have) "
        r"(an? )?(llm|language model|ai)"
        r"|what languages do you speak|are you there|wer bist du|wer sind sie|was (kannst|machst) du|was können "
        r"sie|kannst du mir helfen"
        r"|wie heißt du|qui (es tu|êtes vous)|que (peux tu|sais tu) faire|quién eres|qué puedes hacer|cómo te "
        r"llamas|chi sei|cosa sai fare"
        r"|come ti chiami|quem é você|wie ben je|wat kun je|кто ты|что ты умеешь|你是谁|你能做什么|あなたは誰ですか",
        _MYSELF,
    ),
    (
        r"(ok|okay|great|nice|cool|perfect|wonderful|excellent|awesome|got it|i see|understood|very (good|nice|"
        r"helpful)|good|well done|"
        r"good (job|work|answer|bot)|amazing|super|prima|alles klar|verstanden|parfait|d accord|perfecto|vale|"
        r"perfetto|ottimo|"
        r"(that|this) (is|was) (very )?(helpful|great|good|perfect)|that helps|that s (great|helpful|all|it)|"
        r"lol|haha|wow|omg)"
        r"( (ok|okay|great|got it|good))?",
        _GLAD,
    ),
    (
        r"(no|nope|that|this)?( )?(that|this)? ?(is|s|was)? ?(not (helpful|right|correct|what i (asked|meant))|"
        r"wrong|incorrect|useless)"
        r"( answer)?|you are (wrong|useless|stupid)|i (do not|don t) (like|understand) (it|this|that|you|your "
        r"answer)",
        _SORRY,
    ),
)
_PATTERNS = tuple((re.compile(pattern), reply) for pattern, reply in _REPLIES)
_LONGEST = 80


def small_talk(question: str) -> str | None:
    """A reply to a greeting, thanks or a question about the assistant itself; None for anything else."""
    if len(question) > _LONGEST:
        return None
    plain = " ".join(re.sub(r"[\W_]+", " ", question.lower()).split())
    for pattern, reply in _PATTERNS:
        if pattern.fullmatch(plain):
            return reply
    return None
