/** The closed sets of reasons (as in counter/reasons.py), and what to do about each problem. */

export const REFUSALS = {
  "document-not-shown": ["寄件人未出示证件", "No document was shown"],
  "document-expired": ["证件已过期", "The document has expired"],
  "document-not-yet-valid": ["证件尚未生效", "The document is not valid yet"],
  "document-class": ["该类证件不予受理", "Documents of this class are not accepted"],
  "number-invalid": ["证件号码校验不符", "The document's number fails its check"],
  "card-unknown": ["无法识别的卡", "Not a card this reader knows"],
  "card-unreadable": ["卡片数据损坏", "The card's data is damaged"],
  "number-birth": ["证件号码与出生日期不符", "The number contradicts the date of birth"],
  "number-sex": ["证件号码与性别不符", "The number contradicts the sex"],
  "birth-missing": ["缺少出生日期", "The date of birth is missing"],
  "under-age": ["未成年人不能代办或担保", "Under age: nobody may act for others so young"],
  "same-document": ["两份证件相同", "Both documents are the same one"],
  "person-mismatch": ["人证不一致", "Person and document do not agree"],
  "guardian-absent": ["未成年人无监护人陪同", "A minor without a guardian"],
  "organisation-code": ["统一社会信用代码校验不符", "The organisation's credit code fails its check"],
  "not-approved": ["第二名收寄员不同意", "The second clerk does not agree"],
  "limit-document": ["该证件今日寄件过多", "Too many parcels with this document today"],
  "document-forged": ["证件芯片数据被篡改", "The document's chip was altered"],
  "inspection-refused": ["寄件人拒绝验视", "The sender refused inspection"],
  "prohibited-goods": ["禁止寄递物品", "Prohibited goods"],
};

/** What a clerk may choose: the other two of the set are the machine's own. */
export const CANCELS = {
  "sender-left": ["寄件人离开", "The sender left"],
  cancelled: ["收寄员取消", "Cancelled by the clerk"],
};

const RELAY = ["请寄件人换一张有效证件，或选择“拒收”。", "Ask for another valid document, or refuse."];
const LINES = ["请对照证件机读码重新输入。", "Compare the lines with the document, and enter them again."];
const AGAIN = ["请拿开卡片，再平放在读卡区。", "Lift the card and lay it flat again."];
const PAPER = ["装好纸、关好盖后，按“重试打印”。", "Load paper, close the cover, then print again."];
const PRINTER = ["检查打印机电源和连线后，按“重试打印”。", "Check the printer's power and cable, then print again."];
const LOOK = ["请看打出的纸张再选择。", "Look at the paper, then choose."];

const ADVICE = {
  "document-expired": RELAY,
  "document-not-yet-valid": RELAY,
  "document-class": RELAY,
  "number-invalid": RELAY,
  "card-unknown": RELAY,
  "card-unreadable": RELAY,
  "document-forged": ["请勿受理，并通知主管。", "Do not accept it; call the supervisor."],
  "access-wrong": LINES,
  "mrz-invalid": LINES,
  "card-lifted": AGAIN,
  "card-absent": AGAIN,
  "read-timeout": AGAIN,
  "reader-busy": AGAIN,
  "reader-error": AGAIN,
  "reader-lost": ["请检查读卡器连线。", "Check the reader's cable."],
  "reader-stopped": ["请重启终端程序。", "Restart the terminal."],
  "camera-lost": ["请检查摄像头连线，再拍一次。", "Check the camera's cable, then take the photo again."],
  "photo-covered": ["请移开遮挡，让内件入镜，再拍一次。", "Clear the lens, show the contents, take it again."],
  "waybills-spent": ["请联系网点管理员申请号段。", "Ask the outlet's manager for more numbers."],
  "sealing-refused": ["请检查网络，等待新的密钥。", "Check the network and wait for new keys."],
  "too-large": ["请缩短收件人姓名或地址，再确认。", "Shorten the recipient's name or address, then confirm."],
  "label-refused": ["请核对收件人信息后重试，或取消。", "Check the recipient and try again, or cancel."],
  "paper-out": PAPER,
  "cover-open": PAPER,
  silent: PRINTER,
  unreachable: PRINTER,
  offline: PRINTER,
  "printer-error": PRINTER,
  busy: PRINTER,
};

const UNSAID = {
  offline: ["打印机离线", "The printer is offline."],
  busy: ["打印机正忙", "The printer is busy."],
  "printer-error": ["打印机报错", "The printer reports an error."],
  "connection-lost": ["打印中连接断开", "The connection broke while printing."],
  stalled: ["打印机中途停止接收", "The printer stopped in the middle."],
  "no-confirmation": ["打印机没有确认", "The printer did not confirm."],
  "card-absent": ["没有卡片", "There is no card on the reader."],
  "reader-error": ["读卡器出错", "The card reader failed."],
  "reader-busy": ["读卡器正忙", "The card reader is busy."],
  "reader-stopped": ["读卡程序已停止", "The card reader has stopped."],
  "labels-spent": ["面单重打次数已用完", "no reprint is left"],
};

/** Whether the document that lies there waits for what is printed on it. */
export const asksLines = (problem) => problem?.code === "access-needed" || ADVICE[problem?.code] === LINES;

/** A problem's words [zh, en]: the server's, or ours where the server only has the code. */
export function said(problem) {
  if (problem.zh !== problem.code) return [problem.zh, problem.en];
  return UNSAID[problem.code] ?? [problem.zh, problem.en];
}

/** What to do about a problem, [zh, en]; none for what nobody can help at the counter. */
export function advice(code, phase) {
  if (phase === "label-unknown") return LOOK;
  return ADVICE[code] ?? null;
}
