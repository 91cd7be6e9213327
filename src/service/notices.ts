import type { Notice } from '../talk/capture.ts'

/** More people than that are told with what they say next. */
const waitingMost = 200

/**
 * Tells people what is kept of them, one after the other, beside everything else: Discord takes few messages a second, and what
 * is said by a crowd of new people is kept at once all the same.
 *
 * @param tell sends one notice and writes down that it was sent; what it throws is its own affair
 */
export function noticeSender(tell: (notice: Notice) => Promise<void>): (notices: readonly Notice[]) => void {
  const waiting: Notice[] = []
  let isSending = false
  async function send(): Promise<void> {
    isSending = true
    for (let notice = waiting.shift(); notice !== undefined; notice = waiting.shift())
      await tell(notice).catch(() => {})
    isSending = false
  }
  return (notices) => {
    waiting.push(...notices.slice(0, Math.max(0, waitingMost - waiting.length)))
    if (!isSending) void send()
  }
}
