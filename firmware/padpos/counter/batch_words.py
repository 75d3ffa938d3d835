"""What a batch of contract parcels can meet, in words; of `reasons`."""

from __future__ import annotations

FILES = {
    "batch-too-large": ("文件过大（上限 16 MiB）", "The file is too large: 16 MiB at most."),
    "batch-too-many": ("行数过多（上限 100000 行）", "Too many rows: 100,000 at most."),
    "batch-columns": ("列数过多（上限 64 列）", "Too many columns: 64 at most."),
    "batch-format": (
        "不是 CSV 或 XLSX 文件，或文件已损坏",
        "Neither CSV nor XLSX, or the file is damaged.",
    ),
    "batch-encoding": (
        "文字编码损坏；请另存为 UTF-8 或 GB18030",
        "The text's encoding is broken: save it as UTF-8 or GB18030.",
    ),
    "batch-quotes": ("CSV 引号不配对", "A quotation mark of the CSV is not closed."),
    "batch-sheets": ("有多张非空工作表，请只保留一张", "More than one sheet has rows: keep one."),
    "batch-empty": ("文件中没有收件人", "There is no recipient in the file."),
    "batch-header": (
        "首行须有：姓名、电话、地址、内件、重量(克)",
        "The first row must have: name, phone, address, contents, grams.",
    ),
    "batch-header-twice": ("首行有重复的列", "A column stands twice in the first row."),
}
CELLS = {
    "cell-formula": ("单元格是公式", "The cell is a formula."),
    "cell-kind": ("单元格不是文字或数字", "The cell is neither text nor number."),
    "cell-number": ("数字不是整数或位数过多", "The number is not whole, or too long."),
    "cell-grams": ("重量须为整数克", "The weight is a whole number of grams."),
    "cell-control": ("含有无法识别的字符", "A sign that nobody can read."),
    "cell-too-long": ("内容过长", "The text is too long."),
    "cell-shows": (
        "内件品名或面单上会露出个人信息",
        "The label would show a name, phone or address.",
    ),
    "cell-glyph": ("面单无法打印其中的字符或放不下", "The label can't show this text."),
}
RUNNING = {
    "batch-busy": ("正在处理另一批次", "Another batch is in hand."),
    "batch-none": ("没有这个批次或文件", "There is no such batch or file."),
    "batch-faulty": (
        "文件中有错误的行，未导入",
        "Some rows are wrong: nothing is imported.",
    ),
    "batch-rows": ("行号写法不对，例如 2-15,20", "Rows are given as in 2-15,20."),
    "batch-policy": (
        "按政策须核验证件，不能批量收寄",
        "The policy wants documents: no batches.",
    ),
    "batch-document": (
        "须核验证件，此件请取消后单独收寄",
        "A document is owed: cancel this row and take the parcel by itself.",
    ),
    "batch-stale": (
        "密钥已更换或运单号过期，余下的行须重新导入",
        "Keys have changed or numbers run out: import the rows that are left anew.",
    ),
    "batch-contract": ("该行与协议不符", "The row does not agree with the agreement any more."),
    "batch-aside": ("余下的行已搁置，等待验视", "Only rows set aside for inspection are left."),
}
BATCH = FILES | CELLS | RUNNING
