"""Write the invented annual report of the starter corpus: ``corpus/ferries/annual-report-2025.pdf``.

    pip install reportlab && python benchmarks/make_annual_report.py

The company, its islands and its figures do not exist; the figures add up.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["SOURCE_DATE_EPOCH"] = "1771581600"  # 20 February 2026, for the date in the file

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

TARGET = Path(__file__).parents[1] / "corpus" / "ferries" / "annual-report-2025.pdf"

ROUTES = (
    ("Route", "Nautical miles", "Crossings", "Passengers", "Cars"),
    ("Port Ansel - Skerra", "9.4", "5,110", "702,400", "118,200"),
    ("Port Ansel - Holm", "6.1", "3,890", "401,900", "71,300"),
    ("Skerra - Varn Point", "14.8", "2,312", "180,300", "25,400"),
    ("All routes", "", "11,312", "1,284,600", "214,900"),
)
ACCOUNTS = (
    ("Million euros", "2025", "2024"),
    ("Ticket revenue", "22.8", "21.0"),
    ("Freight revenue", "5.3", "5.0"),
    ("Public service grant", "3.5", "3.1"),
    ("Total revenue", "31.6", "29.1"),
    ("Staff costs", "12.7", "12.1"),
    ("Fuel costs", "6.1", "6.9"),
    ("Maintenance", "5.4", "5.0"),
    ("Other costs", "4.7", "4.4"),
    ("Total costs", "28.9", "28.4"),
    ("Operating result", "2.7", "0.7"),
)

# A page is a list of ("h1" | "h2" | "p" | "table", content).
PAGES: tuple[tuple[tuple[str, object], ...], ...] = (
    (
        ("h1", "Tidewell Ferries: Annual Report 2025"),
        ("h2", "Letter from the chair"),
        (
            "p",
            "2025 was the year in which more people travelled with us than ever before. We carried 1,284,600 "
            "passengers, 7.3 percent more than the 1,197,300 of the year before, and 214,900 cars. Nine of ten "
            "islanders say that they are satisfied with the service; in 2023 it was seven of ten.",
        ),
        (
            "p",
            "The winter was hard on us. Storm Edda closed the harbour of Skerra for four days in January, and the "
            "ferry Gannet spent seven weeks in dock after her bow door was damaged. That we still sailed 98.2 percent "
            "of all scheduled crossings is the work of our 212 employees, and I thank every one of them.",
        ),
        (
            "p",
            "In the coming year our first electric ferry will join the fleet. She is named Kittiwake, by the vote of "
            "the schoolchildren of Holm, and she will change what an island crossing sounds like.",
        ),
        ("p", "Maren Osk, chair of the board"),
        ("h2", "The year at a glance"),
        (
            "p",
            "Passengers rose by 7.3 percent to 1,284,600. Revenue rose by 8.6 percent to 31.6 million euros. "
            "The operating result was 2.7 million euros, after 0.7 million euros in 2024. Punctuality, the share of "
            "crossings that arrive within ten minutes of the timetable, was 94.1 percent.",
        ),
    ),
    (
        ("h1", "Operations"),
        ("h2", "Crossings and passengers"),
        (
            "p",
            "We scheduled 11,520 crossings and sailed 11,312. Of the 208 that were cancelled, 151 were cancelled for "
            "weather, 39 for technical faults and 18 for other reasons. The busiest day was Saturday, 2 August, the "
            "day of the Skerra regatta, with 9,870 passengers.",
        ),
        ("table", ROUTES),
        (
            "p",
            "The route from Port Ansel to Skerra carries more than half of all passengers. The long route from Skerra "
            "to Varn Point grew fastest, by 12 percent, since the summer timetable gained a third daily crossing.",
        ),
        ("h2", "Punctuality"),
        (
            "p",
            "94.1 percent of crossings arrived within ten minutes of the timetable, after 91.6 percent in 2024. The "
            "gain came from a new boarding procedure at Port Ansel: cars now board from two lanes at once, which "
            "shortens the turnaround from 25 to 18 minutes. Our target for 2026 is 95 percent.",
        ),
        ("h2", "Safety"),
        (
            "p",
            "There were no serious injuries on board or ashore. Three passengers were slightly hurt, two of them in "
            "falls on wet stairs; all stairs of the Gannet have since been given a new non-slip surface. Every crew "
            "practised abandoning ship twice.",
        ),
    ),
    (
        ("h1", "Finances"),
        ("h2", "Result"),
        (
            "p",
            "The operating result rose to 2.7 million euros. Ticket revenue grew faster than costs, and fuel cost less "
            "than in any year since 2020. The board proposes to pay no dividend and to put the whole result aside for "
            "the second electric ferry.",
        ),
        ("table", ACCOUNTS),
        ("h2", "Fuel"),
        (
            "p",
            "Fuel costs fell by 0.8 million euros to 6.1 million euros, above all because evening crossings are sailed "
            "more slowly. Since March they run at 14 knots instead of 16, which burns a quarter less diesel and makes "
            "the trip to Skerra six minutes longer. A lower price of diesel brought a third of the saving.",
        ),
        ("h2", "Investment"),
        (
            "p",
            "We invested 9.6 million euros, of which 7.2 million euros were the second instalment for the Kittiwake "
            "and 1.5 million euros the charging station on the north quay of Port Ansel. The regional development "
            "fund bears 40 percent of the price of the ship.",
        ),
    ),
    (
        ("h1", "Fleet and outlook"),
        ("h2", "Fleet"),
        (
            "p",
            "The fleet has four ships. The Gannet, built in 2004, and the Fulmar, built in 2011, sail between Port "
            "Ansel and Skerra. The Petrel, built in 1998, serves Holm and is the oldest ship in the fleet. The Tern, "
            "built in 2017, sails between Skerra and Varn Point.",
        ),
        (
            "p",
            "The Kittiwake will replace the Petrel. She takes 299 passengers and 42 cars, costs 18.4 million euros and "
            "is driven by two electric motors with a battery of 4.3 megawatt hours. A crossing to Holm uses about a "
            "sixth of the battery, and charging at the quay takes 20 minutes.",
        ),
        ("h2", "Staff"),
        (
            "p",
            "At the end of the year 212 people worked for us, 96 of them at sea. Eleven apprentices began their "
            "training, more than ever before. Sick leave fell from 6.2 to 5.4 percent of working days.",
        ),
        ("h2", "Outlook for 2026"),
        (
            "p",
            "We expect 1.32 million passengers and revenue of 32.5 million euros. Fares for islanders stay unchanged "
            "until the end of 2027; other fares rise by 3 percent on 1 April 2026. The main risk is the delivery date "
            "of the Kittiwake: each month of delay costs us about 90,000 euros for keeping the Petrel in class.",
        ),
    ),
)


def flowables() -> list[Flowable]:
    styles = getSampleStyleSheet()
    kinds = {
        "h1": ParagraphStyle("h1", parent=styles["Heading1"], fontSize=20, leading=25, spaceAfter=8),
        "h2": ParagraphStyle("h2", parent=styles["Heading2"], fontSize=13, leading=17, spaceBefore=10),
        "p": ParagraphStyle("p", parent=styles["BodyText"], fontSize=10.5, leading=15, spaceAfter=6),
    }
    story: list[Flowable] = []
    for number, page in enumerate(PAGES):
        if number:
            story.append(PageBreak())
        for kind, content in page:
            if kind == "table":
                story += [Spacer(1, 4), table(content), Spacer(1, 8)]
            else:
                story.append(Paragraph(content, kinds[kind]))
    return story


def table(rows: object) -> Table:
    return Table(
        rows,
        hAlign="LEFT",
        style=[
            ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9.5),
            ("FONT", (0, 1), (-1, -1), "Helvetica", 9.5),
            ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.grey),
        ],
    )


def footer(canvas, document) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(25 * mm, 12 * mm, "Tidewell Ferries Annual Report 2025")
    canvas.drawRightString(A4[0] - 25 * mm, 12 * mm, f"Page {document.page}")


def main() -> None:
    document = BaseDocTemplate(
        str(TARGET),
        pagesize=A4,
        title="Tidewell Ferries: Annual Report 2025",
        author="Tidewell Ferries",
    )
    frame = Frame(25 * mm, 20 * mm, A4[0] - 50 * mm, A4[1] - 40 * mm)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=footer))
    document.build(flowables())
    print(f"{TARGET}: {len(PAGES)} pages, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
