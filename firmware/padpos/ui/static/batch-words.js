/** The words of batches, for words.js: key → [zh-CN, English]. */

export const BATCH_WORDS = {
  batch: ["批量", "Batches"],
  batchTitle: ["协议客户批量收寄", "Batches of contract customers"],
  batchFile: ["收件人文件（CSV 或 XLSX）", "File of recipients (CSV or XLSX)"],
  batchLook: ["检查文件", "Check the file"],
  batchChecked: [
    (good, faulty) => `可导入 ${good} 行，有误 ${faulty} 行`,
    (good, faulty) => `${good} rows are good, ${faulty} are not`,
  ],
  batchRepeated: [(rows) => `内容重复的行：${rows}`, (rows) => `Rows that repeat an earlier one: ${rows}`],
  batchProgress: [
    (what, done, of) => `${what === "sealing" ? "正在加密" : "正在检查"} ${done}${of ? ` / ${of}` : ""}`,
    (what, done, of) => `${what === "sealing" ? "Sealing" : "Checking"} ${done}${of ? ` of ${of}` : ""}`,
  ],
  batchRows: ["行号（留空为全部，如 2-15,20）", "Rows (blank for all; else as in 2-15,20)"],
  batchSeal: ["加密导入", "Seal and import"],
  batchForget: ["放弃此文件", "Forget this file"],
  batchLine: [
    (contract, done, all, left) => `${contract}：已完成 ${done} / ${all}，剩余 ${left}`,
    (contract, done, all, left) => `${contract}: ${done} of ${all} done, ${left} left`,
  ],
  batchRun: ["打印", "Print"],
  batchPause: ["暂停", "Pause"],
  batchLetGo: ["结束批次", "Let go"],
  batchLetGoSure: ["再按一次：未打印的行将删除", "Press again: rows not printed are removed"],
  batchLeft: [(rows) => `没有有效面单的行：${rows}`, (rows) => `Rows without a valid label: ${rows}`],
  batchSealed: ["导入时已加密", "sealed at import"],
  batchAside: ["搁置此件", "Put aside"],
  batchRow: [
    (row) => `批量第 ${row.number} 行 · ${row.name} ${row.phone} ${row.address}`,
    (row) => `Batch, row ${row.number} · ${row.name} ${row.phone} ${row.address}`,
  ],
};
