"""Reasons for which a consignment ends, pauses or does not begin: closed sets, with words."""

from __future__ import annotations

from padpos.counter.batch_words import BATCH

REFUSALS = {
    "document-expired": ("证件已过期", "the document has expired"),
    "document-not-yet-valid": ("证件尚未生效", "the document is not valid yet"),
    "document-class": ("该类证件不予受理", "documents of this class are not accepted"),
    "document-not-shown": ("寄件人未出示证件", "no document was shown"),
    "number-invalid": ("证件号码校验不符", "the document's number fails its check"),
    "number-birth": ("证件号码与出生日期不符", "the number contradicts the date of birth"),
    "number-sex": ("证件号码与性别不符", "the number contradicts the sex"),
    "birth-missing": ("缺少出生日期", "the date of birth is missing"),
    "under-age": ("未成年人不能代办或担保", "under age: nobody may act for others so young"),
    "same-document": ("两份证件相同", "both documents are the same one"),
    "person-mismatch": ("人证不一致", "person and document do not agree"),
    "guardian-absent": ("未成年人无监护人陪同", "a minor without a guardian"),
    "organisation-code": (
        "统一社会信用代码校验不符",
        "the organisation's credit code fails its check",
    ),
    "not-approved": ("第二名收寄员不同意", "the second clerk does not agree"),
    "limit-document": ("该证件今日寄件过多", "too many parcels with this document today"),
    "card-unknown": ("无法识别的卡", "not a card this reader knows"),
    "card-unreadable": ("卡片数据损坏", "the card's data is damaged"),
    "document-forged": ("证件芯片数据被篡改", "the document's chip was altered"),
    "inspection-refused": ("寄件人拒绝验视", "the sender refused inspection"),
    "prohibited-goods": ("禁止寄递物品", "prohibited goods"),
}
ABANDONED = {
    "sender-left": ("寄件人离开", "the sender left"),
    "cancelled": ("收寄员取消", "cancelled by the clerk"),
    "timed-out": ("超时", "timed out"),
    "interrupted": ("终端中断", "the terminal was interrupted"),
    "clerk-left": ("收寄员已离职", "the clerk may no longer work here"),
}
TYPED_REASONS = {
    "chip-damaged": ("芯片损坏", "the chip is damaged"),
    "reader-broken": ("读卡器故障", "the card reader is out of order"),
    "no-chip": ("证件无芯片或不能读取", "the document has no chip this reader reads"),
}
VOIDS = {
    "label-given-up": ("面单无法打印，运单作废", "no label could be printed; the number is void"),
    "labels-spent": (
        "面单三次均未成功，运单作废",
        "all three labels are spent; the number is void",
    ),
}
CONCERNS = {
    "typed": ("证件手工录入", "the document was typed"),
    "limit-document": REFUSALS["limit-document"],
    "limit-clerks-own": ("收寄员本人证件", "a clerk's own document"),
    "limit-typed": ("今日手工录入过多", "too many typed documents today"),
    "limit-voids": ("今日作废过多", "too many voided numbers today"),
    "limit-reprints": ("今日补打过多", "too many reprints today"),
    "limit-dropped-drawn": ("抽中后取消过多", "too many parcels dropped after a draw"),
}
CLOSED = {
    "frozen-count": (
        "未收到回执的记录过多，暂停收寄；请检查网络，回执到达后自动恢复",
        "Closed: too many records without a receipt. Check the network; it opens by itself.",
    ),
    "frozen-age": (
        "长时间未收到监管回执，暂停收寄；请检查网络，回执到达后自动恢复",
        "Closed: too long without receipts. Check the network; it opens by itself.",
    ),
    "frozen-policy": (
        "政策已过期，暂停收寄；请检查网络，收到新政策后自动恢复",
        "Closed: the policy has run out. Check the network; a new one opens the counter.",
    ),
    "clock-back": (
        "时钟早于已有记录，暂停收寄；请联网校时，时间恢复后自动恢复",
        "Closed: the clock is behind the records. Connect the network, which sets it right.",
    ),
    "visit-over": (
        "本次寄件已结束，请重新放置证件",
        "That visit is over: begin anew, and lay the document again.",
    ),
    "self-service-off": ("未开放自助寄件", "Self-service is not open here."),
    "remote-look": ("不允许远程验视", "A look through a camera is not allowed here."),
    "typed-off": ("不允许手工录入证件", "Documents may not be typed here."),
    "typed-reason": ("请选择手工录入原因", "Choose the reason for typing."),
    "typed-class": ("该类证件须读取芯片", "Documents of this class must be read."),
    "typed-cap": ("今日手工录入已达上限", "No more documents may be typed today."),
    "second-clerk": ("须由另一名收寄员确认", "Another clerk must agree, not the same one."),
    "letter-photo": ("信件不拍照", "A letter is not photographed."),
    "goods": ("没有这一类禁寄物品", "The policy has no such group of goods."),
}
SIGNING_IN = {
    "wrong-pin": ("工号或口令不对。", "Clerk or PIN is wrong."),
    "locked-out": ("口令错误次数过多，请稍候", "Too many wrong PINs: wait."),
    "card-not-enrolled": (
        "今日尚未登记此证件，请用口令登录并放置证件。",
        "This card was not laid beside a PIN today: sign in by PIN, with the card.",
    ),
    "service-mode": (
        "维护模式，不能收寄；请先退出维护。",
        "Service mode: nothing can be accepted. Leave it first.",
    ),
    "day-open-label": (
        "还有未确认的面单，不能日结。",
        "A label is not settled yet: the day can't be closed.",
    ),
}
PROBLEMS = {
    "card-lifted": ("卡片过早拿开，请重新放置", "The card was lifted too early: lay it again."),
    "card-used": (
        "请拿起证件再重新放置，每件须重新读取",
        "Lift the card and lay it again: each consignment needs a reading of its own.",
    ),
    "access-needed": (
        "请扫描或输入证件机读码，或正面六位数字",
        "Scan or type the lines of the document, or the six digits on its front.",
    ),
    "access-wrong": (
        "机读码与芯片不符，请核对",
        "The chip belongs to other lines: compare them with the document.",
    ),
    "mrz-invalid": (
        "机读码校验不符，请重新输入",
        "The lines do not pass their check digits: read them again.",
    ),
    "card-absent": ("读卡器上没有卡", "There is no card on the reader."),
    "reader-lost": ("读卡器断开", "The card reader is not connected."),
    "reader-hung": ("读卡器无响应，请重新插拔", "The card reader hangs: unplug it, plug it in."),
    "reader-garbled": (
        "读卡器线路受干扰，请重新放置",
        "The line to the card reader is disturbed: lay the card again.",
    ),
    "reader-broken": ("读卡器安全模块故障", "The reader's security module is out of order."),
    "escape-off": ("读卡器驱动未放行命令", "The reader's driver lets no command through."),
    "reader-error": ("读卡器故障", "The card reader reports an error."),
    "reader-busy": ("读卡器被占用", "The card reader is in use by something else."),
    "reader-forbidden": ("无权使用读卡器", "This terminal may not use the card reader."),
    "reader-stopped": ("读卡器已停止", "The card reader has been stopped."),
    "read-timeout": ("读卡超时，请重新放置", "Reading took too long: lay the card again."),
    "camera-lost": ("摄像头无响应", "The camera does not answer."),
    "photo-too-large": (
        "照片过大，请检查摄像头设置",
        "The picture is too large: see the camera's settings.",
    ),
    "policy-changed": (
        "政策刚刚更新，请补齐所需步骤",
        "The policy has just changed: see what is still owed.",
    ),
    "photo-covered": ("镜头被遮挡或画面空白", "The picture is blank: is the lens covered?"),
    "paper-out": ("打印纸用完", "The printer is out of paper."),
    "cover-open": ("打印机盖未关", "The printer's cover is open."),
    "silent": ("打印机无响应", "The printer does not answer."),
    "printer-error": ("打印机报错", "The printer reports an error."),
    "offline": ("打印机脱机", "The printer is offline."),
    "busy": ("打印机正忙", "The printer is still busy."),
    "connection-lost": ("打印机连接中断", "The connection to the printer broke."),
    "stalled": ("打印机停止接收", "The printer stopped in the middle of the label."),
    "no-confirmation": ("打印机未确认", "The printer did not confirm the label."),
    "waybills-spent": ("运单号已用完", "No waybill number is left."),
    "sealing-refused": ("密钥不在有效期内", "There is no valid key to seal to."),
    "too-large": ("收件人信息过长，面单码容纳不下", "The recipient is too long for a label code."),
    "label-refused": ("面单未通过自检", "The label failed its own check and is not printed."),
    "tpm-absent": ("安全芯片无响应", "The TPM is not there or does not answer."),
    "tpm-silent": ("安全芯片响应超时", "The TPM does not answer in time."),
    "tpm-busy": ("安全芯片正忙，请稍后再试", "The TPM is busy: try again."),
    "tpm-locked": ("安全芯片已锁定", "The TPM has locked itself."),
    "tpm-forbidden": ("无权使用安全芯片", "This terminal may not use its TPM."),
    "tpm-cleared": (
        "安全芯片已被清空，终端须重新入网",
        "The TPM was cleared: its key is gone.",
    ),
    "tpm-foreign": ("签名密钥属于另一块安全芯片", "The entry key belongs to another TPM."),
    "tpm-key-damaged": ("签名密钥文件损坏", "The entry key's file is damaged."),
    "tpm-unsupported": ("未安装安全芯片软件", "The software for the TPM is not installed."),
    "tpm-failed": ("安全芯片故障", "The TPM reports a fault."),
    "unreachable": ("无法连接打印机", "The printer can't be reached."),
    "disk-full": (
        "磁盘已满，记录暂时无法保存，终端会自动重试；请联系技术员",
        "The disk is full: nothing can be recorded until there is room. Call a technician.",
    ),
    "disk-error": (
        "磁盘读写出错，终端会自动重试；请联系技术员",
        "The disk reports errors; the terminal keeps trying. Call a technician.",
    ),
    "disk-low": (
        "磁盘空间不足，暂停收寄；请检查网络，上传后自动恢复",
        "The disk is almost full: no new parcel. Check the network; it opens again by itself.",
    ),
    "ledger-quota": (
        "未上传的记录已达上限，暂停收寄；请检查网络，上传后自动恢复",
        "Too much waits to be sent: no new parcel. Check the network; it opens again by itself.",
    ),
    "ledger-damaged": (
        "台账损坏，停止收寄；请联系技术员",
        "The ledger is damaged: closed. Call a technician.",
    ),
    "ledger-truncated": (
        "台账文件不完整，停止收寄；请联系技术员",
        "The end of the ledger file is missing: closed. Call a technician.",
    ),
    "ledger-foreign": (
        "台账不属于本终端，停止收寄；请联系技术员",
        "The ledger is not this terminal's: closed. Call a technician.",
    ),
    "ledger-newer": (
        "台账由更新版本的软件写入，停止收寄；请联系技术员",
        "A newer version of the software wrote the ledger: closed. Call a technician.",
    ),
    "ledger-missing": (
        "找不到台账，停止收寄；请联系技术员",
        "There is no ledger where it should be: closed. Call a technician.",
    ),
    "ledger-in-use": (
        "台账被另一程序占用，终端会自动重试；请联系技术员",
        "Another program uses the ledger; the terminal keeps trying. Call a technician.",
    ),
    "photo-missing": (
        "未上传的照片文件丢失，停止收寄；请联系技术员",
        "The file of a photo not yet sent is missing: closed. Call a technician.",
    ),
    "photo-altered": (
        "未上传的照片文件被改动，停止收寄；请联系技术员",
        "The file of a photo not yet sent was altered: closed. Call a technician.",
    ),
}
_ENDS = REFUSALS | ABANDONED | VOIDS
_ALL = _ENDS | TYPED_REASONS | CONCERNS | CLOSED | SIGNING_IN | PROBLEMS | BATCH


def words(code: str) -> tuple[str, str]:
    """(Chinese, English) for a reason code; an unknown code speaks for itself."""
    return _ALL.get(code, (code, code))
