"""What `padpos reader` says, in a technician's words: Chinese and English."""

from __future__ import annotations

from padpos_drivers.idcard.conditions import Condition
from padpos_drivers.idcard.interface import Evidence, ReaderEvent

EVENTS = {
    ReaderEvent.CARD_PRESENT: ("有卡", "card laid"),
    ReaderEvent.CARD_REMOVED: ("卡已拿开", "card lifted"),
    ReaderEvent.READER_LOST: ("读卡器断开", "reader lost: cable, pcscd or module"),
    ReaderEvent.READER_BACK: ("读卡器恢复", "reader back"),
    ReaderEvent.READER_HUNG: ("读卡器卡死", "reader hangs: a call into it does not return"),
}
CONDITIONS = {
    Condition.SERVICE_AWAY: (
        "pcscd 未运行：systemctl status pcscd",
        "pcscd does not answer: systemctl status pcscd",
    ),
    Condition.SERVICE_FORBIDS: (
        "pcscd 拒绝本用户：需要 polkit 规则 access_pcsc 与 access_card",
        "pcscd refuses this user: it needs polkit's access_pcsc and access_card",
    ),
    Condition.READER_MISSING: (
        "pcscd 没有该名称的读卡器：检查电缆、电源和名称",
        "pcscd lists no reader of that name: cable, power, spelling",
    ),
    Condition.NAME_NOT_UNIQUE: (
        "有多个读卡器符合该名称：写全名",
        "several readers have that in their names: write the whole name",
    ),
    Condition.ESCAPE_OFF: (
        "CCID 驱动不放行 escape 命令：以 root 运行 ./setup.sh escape on",
        "the CCID driver passes no escape commands: run ./setup.sh escape on as root",
    ),
    Condition.ESCAPE_UNKNOWN: (
        "无法读取 CCID 驱动设置 /etc/libccid_Info.plist",
        "the CCID driver's settings cannot be read: /etc/libccid_Info.plist",
    ),
    Condition.KERNEL_TOOK_IT: (
        "内核 NFC 驱动可能占用了读卡器：禁用 pn533_usb、pn533、nfc",
        "the kernel's NFC driver may hold the reader: blacklist pn533_usb, pn533, nfc",
    ),
    Condition.PORT_MISSING: ("没有该串口：检查电缆和名称", "no such serial port: cable, name"),
    Condition.PORT_FORBIDDEN: (
        "本用户无权打开串口：加入 dialout 组",
        "this user may not open the port: add it to the group dialout",
    ),
}
PROVEN = {
    Evidence.SECURITY_MODULE: (
        "安全模块与卡已相互认证",
        "security module and card authenticated each other",
    ),
    Evidence.BASIC_ACCESS: ("机读区与芯片相符（BAC）", "printed lines open the chip (BAC)"),
    Evidence.PACE: (
        "机读区或卡号与芯片相符（PACE）",
        "lines or number open the chip (PACE)",
    ),
    Evidence.DATA_HASHES: ("数据与签名清单一致", "data equal the signed list"),
    Evidence.SIGNER_SIGNATURE: ("签名清单未被改动", "the signed list is its signer's"),
    Evidence.SIGNER_VALIDITY: ("签名证书在有效期内", "its signer is within its time"),
    Evidence.ISSUER_SIGNATURE: (
        "签名证书由已知根证书（CSCA）签发",
        "a root (CSCA) of yours vouches for the signer",
    ),
    Evidence.ISSUING_STATE: ("根证书属于证件签发国", "that root is of the document's state"),
}


def both(pair: tuple[str, str]) -> str:
    """Chinese and English on one line."""
    return f"{pair[0]} / {pair[1]}"
