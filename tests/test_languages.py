"""Words alone find the passage, in languages that the embedder does not read: own sentences, own questions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from indexing import of_records

from rag.index import Snapshot
from rag.retrieval import retrieve

# what stands in the passage -> what is asked, in other forms of the words
TEXTS: dict[str, dict[str, str]] = {
    "dutch": {
        "De veerboot vaart in de winter niet, maar de kaartjes kunnen worden teruggegeven.": "Vaart er een boot?",
        "De zorgverzekering betaalt de kosten van het ziekenhuis en van de medicijnen.": "verzekering medicijn",
        "Het museum is op maandag gesloten en de toegang is voor kinderen gratis.": "Wanneer is het museum gesloten?",
        "De waterrekening komt in januari en moet binnen twee weken worden betaald.": "Welke rekening moet ik betalen?",
        "De school zoekt een leraar die wiskunde geeft en van kinderen houdt.": "leraren wiskunde",
    },
    "turkish": {
        "Feribotlar kışın çalışmaz ve biletler limandaki gişeden geri verilir.": "Feribot bileti nereye geri verilir?",
        "Hastane haftanın her günü açıktır ve ziyaretçiler akşama kadar kalabilir.": "hastaneye ziyaretçi",
        "Müze pazartesi günleri kapalıdır, çocuklar için giriş ücretsizdir.": "Müzenin kapalı olduğu gün hangisi?",
        "Su faturası ocak ayında gelir ve iki hafta içinde ödenmelidir.": "faturalar ne zaman ödenir",
        "Okul, matematik dersi verecek bir öğretmen arıyor.": "matematik öğretmeni",
    },
    "russian": {
        "Паромы не ходят зимой, и билеты можно вернуть в кассе порта.": "Где вернуть билет на паром?",
        "Больница открыта каждый день, посетители остаются до вечера.": "посетителям больницы",
        "Музей закрыт по понедельникам, для детей вход бесплатный.": "Когда закрыты музеи?",
        "Счёт за воду приходит в январе, оплатить его надо за две недели.": "оплата счета за воду",
        "Школа ищет учителя, который преподаёт математику.": "учитель математики",
    },
    "arabic": {
        "لا تعمل العبارات في الشتاء ويمكن إعادة التذاكر في مكتب الميناء.": "أين يمكن إعادة تذاكر العبارة؟",
        "المستشفى مفتوح كل يوم ويمكن للزوار البقاء حتى المساء.": "زوار المستشفى",
        "المتحف مغلق يوم الاثنين والدخول مجاني للأطفال.": "متى يكون المتحف مغلقا؟",
        "تصل فاتورة المياه في شهر يناير ويجب دفعها خلال أسبوعين.": "دفع الفاتورة",
        "تبحث المدرسة عن معلم لتدريس الرياضيات.": "معلم الرياضيات",
    },
    "hindi": {
        "सर्दियों में नौका नहीं चलती और टिकट बंदरगाह पर लौटाए जा सकते हैं।": "नौका के टिकट कहाँ लौटाएँ?",
        "अस्पताल हर दिन खुला रहता है और आगंतुक शाम तक रुक सकते हैं।": "अस्पताल में आगंतुक",
        "संग्रहालय सोमवार को बंद रहता है और बच्चों का प्रवेश निःशुल्क है।": "संग्रहालय कब बंद रहता है?",
        "पानी का बिल जनवरी में आता है और दो सप्ताह में चुकाना होता है।": "पानी के बिल",
        "विद्यालय को गणित पढ़ाने के लिए एक शिक्षक चाहिए।": "गणित का शिक्षक",
    },
    "thai": {
        "เรือข้ามฟากหยุดให้บริการในฤดูหนาวและคืนตั๋วได้ที่ท่าเรือ": "คืนตั๋วเรือข้ามฟากที่ไหน",
        "โรงพยาบาลเปิดทุกวันและผู้มาเยี่ยมอยู่ได้จนถึงเย็น": "ผู้มาเยี่ยมโรงพยาบาล",
        "พิพิธภัณฑ์ปิดวันจันทร์และเด็กเข้าชมฟรี": "พิพิธภัณฑ์ปิดวันไหน",
        "ใบแจ้งหนี้ค่าน้ำมาถึงในเดือนมกราคมและต้องชำระภายในสองสัปดาห์": "ต้องชำระค่าน้ำเมื่อไร",
        "โรงเรียนกำลังหาครูสอนคณิตศาสตร์": "ครูคณิตศาสตร์",
    },
    "japanese": {
        "フェリーは冬の間運休し、切符は港の窓口で払い戻しができます。": "フェリーの切符はどこで払い戻せますか",
        "病院は毎日開いていて、見舞客は夕方まで滞在できます。": "病院の見舞客",
        "博物館は月曜日が休館で、子供の入場は無料です。": "博物館の休館日はいつですか",
        "水道料金の請求書は一月に届き、二週間以内に支払います。": "水道料金を支払う",
        "学校は数学を教える先生を探しています。": "数学の先生",
    },
    "korean": {
        "여객선은 겨울에 운항하지 않으며 표는 항구 창구에서 환불됩니다.": "여객선 표를 어디에서 환불하나요?",
        "병원은 매일 열려 있고 방문객은 저녁까지 머물 수 있습니다.": "병원 방문객",
        "박물관은 월요일에 닫고 어린이는 무료로 들어갑니다.": "박물관은 언제 닫나요?",
        "수도 요금 청구서는 일월에 오며 두 주 안에 내야 합니다.": "수도 요금",
        "학교는 수학을 가르칠 선생님을 찾고 있습니다.": "수학 선생님",
    },
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    texts = {f"{language}{i}": text for language, pairs in TEXTS.items() for i, text in enumerate(pairs)}
    with of_records(tmp_path_factory.mktemp("languages"), texts) as taken:
        yield taken


@pytest.mark.parametrize("language", TEXTS)
def test_a_question_finds_its_passage(snapshot: Snapshot, language: str) -> None:
    found = {}
    for i, question in enumerate(TEXTS[language].values()):
        names = [hit.passage.source.partition("#")[2] for hit in retrieve(snapshot, question, None, 5).hits]
        found[question] = names.index(f"{language}{i}") if f"{language}{i}" in names else None
    assert sum(place == 0 for place in found.values()) >= 4 and None not in found.values(), found
