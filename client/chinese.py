"""The client's sentences in Simplified Chinese, by the English ones. The terms are those of the back office's pages."""

SENTENCES = {
    # Why a machine refuses, and that it does not.
    "Card accepted. The exam may start.": "扣费成功，可以开始检查。",
    "This card was already used.": "此卡已使用过。",
    "This card's exam is still running.": "此卡的检查仍在进行。",
    "This card belongs to another batch.": "此卡属于其他批次。",
    "This card is for another machine.": "此卡属于其他刷卡机。",
    "This card is for another institution.": "此卡属于其他机构。",
    "This is not one of our cards.": "此卡不是本系统的卡。",
    "This card is not genuine.": "此卡是伪卡。",
    "This card is damaged or incomplete.": "此卡已损坏或不完整。",
    "Tap again: the card was removed too early.": "请再刷一次：卡移开过早。",
    "More than one card on the reader. Show one card only.": "读卡器上有多张卡，请只放一张。",
    "The machine has no batch yet. Show the batch card first.": "刷卡机尚无批次，请先刷批次卡。",
    "The machine is locked.": "刷卡机已锁定。",
    "Call support.": "请联系客服。",
    "This card has expired.": "此卡已过期。",
    "This card was revoked.": "此卡已吊销。",
    "This number is outside the range that was signed.": "卡号不在已签名的范围内。",
    "This card does not descend from the master card.": "此卡未经上级签发。",
    "This master card is not the one the machine knows.": "此卡不是本机认定的母卡。",
    "This batch card was already used.": "此批次卡已使用过。",
    "The card reader does not answer; it is being restarted.": "读卡器没有应答，正在重新启动。",
    "The machine's memory is full. It must reach the server first.": "刷卡机存储已满，须先连接服务器。",
    "The machine cannot write its memory. Call support.": "刷卡机无法写入存储，请联系客服。",
    "The machine is busy with something else.": "刷卡机正忙。",
    "Cancelled.": "已取消。",
    "No card was shown in time.": "超时未检测到卡。",
    "This is the wrong kind of card for this step.": "这一步需要另一种卡。",
    "This device cannot do that.": "本设备没有此功能。",
    "This device was not initialised by the master card.": "本设备尚未用母卡完成出厂初始化。",
    "This kind of card is too weak for this use.": "此类卡不够安全。",
    "The machine does not know the time yet.": "刷卡机尚不知道时间。",
    "The service card is full. Have it emptied at the issuing desk.": "服务卡已满，请到发卡台清空。",
    "The machine is not reachable. Look at the cable and the port.": "无法连接刷卡机，请检查连接线和端口。",
    "The machine did not answer in time.": "刷卡机没有及时应答。",
    # What a machine says by itself.
    "tap: {reason}{card}": "刷卡：{reason}{card}",
    "screen: {lines}": "屏幕：{lines}",
    "uplink: acknowledged up to {acked}, {pending} waiting": "上报：已确认至第 {acked} 条，{pending} 条待上报",
    "reader: {state}": "读卡器：{state}",
    "progress: {step} of {of}": "进度：{step}/{of}",
    "batch {number}": "批次 {number}",
    "credit {number}": "卡号 {number}",
    # How a machine is.
    "Machine {number} ({role}), firmware {firmware}, institution {institution}": (
        "刷卡机 {number}（{role}），固件 {firmware}，机构 {institution}"
    ),
    "not initialised": "未完成出厂初始化",
    "Reader: healthy, restarted {times} times": "读卡器：正常，重启过 {times} 次",
    "Reader: NOT healthy, restarted {times} times": "读卡器：异常，重启过 {times} 次",
    "Journal: {entries} entries, {pending} not yet acknowledged by the server": (
        "日志：共 {entries} 条，{pending} 条尚未经服务器确认"
    ),
    "Uplink: {link}, last error: {error}": "上报链路：{link}，最近的错误：{error}",
    "none": "无",
    "Batch {batch}: {left} of {count} cards left": "批次 {batch}：共 {count} 张卡，剩余 {left} 张",
    "No batch yet: show the batch card (init-batch).": "尚无批次：请刷批次卡（init-batch）。",
    "LOCKED by the server.": "已被服务器锁定。",
    "Exam running: batch {batch}, credit {credit}": "检查进行中：批次 {batch}，卡号 {credit}",
    # What a command did.
    "Batch {batch}, credit {credit}.": "批次 {batch}，卡号 {credit}。",
    "{left} cards left.": "剩余 {left} 张卡。",
    "Batch {batch} is ready on machine {machine}: {count} cards, credits {first} to {last}.": (
        "批次 {batch} 已在刷卡机 {machine} 上就绪：共 {count} 张卡，卡号 {first} 至 {last}。"
    ),
    "Exam ended.": "检查已结束。",
}
