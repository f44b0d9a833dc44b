"""Papers are real PDFs whose Chinese can be read back."""

import io

import pdfplumber

from punctual.platform.papers import Facts, Grid, Heading, Text, paper


def test_a_paper_holds_its_words_and_repeats_the_head_on_each_page() -> None:
    rows = [[f"行 {at}", at, "<b>不是标记</b>"] for at in range(80)]
    made = paper(
        title="检验报告 Inspection report",
        blocks=[
            Heading("结论"),
            Facts([("型号", "HC-200"), ("数量", None), ("结果", "合格")]),
            Text("第一行\n第二行"),
            Grid(["项目", "数量", "备注"], rows, widths=[2, 1, 2], right=[1]),
        ],
        footer="华辰自动化",
    )
    with pdfplumber.open(io.BytesIO(made)) as read:
        texts = [page.extract_text() for page in read.pages]
    assert len(texts) > 1
    assert "检验报告" in texts[0]
    assert all("备注" in text for text in texts)
    assert "<b>不是标记</b>" in texts[0]
    assert made == paper(
        title="检验报告 Inspection report",
        blocks=[
            Heading("结论"),
            Facts([("型号", "HC-200"), ("数量", None), ("结果", "合格")]),
            Text("第一行\n第二行"),
            Grid(["项目", "数量", "备注"], rows, widths=[2, 1, 2], right=[1]),
        ],
        footer="华辰自动化",
    )
