import { join } from 'node:path'
import { type PublishOptions, publishPending } from '../../jobs/publish.ts'
import { type Journal, openJournal } from '../../src/adapters/database/journal.ts'
import { readConfig } from '../../src/config.ts'
import { type Context, simulatedClock } from '../../src/context.ts'
import { WorldError } from '../../src/errors.ts'
import type { Entry, RenderedPost } from '../../src/journal/entry.ts'
import type { Channel, PostingEntry } from '../../src/journal/outbox-entry.ts'
import type { Outgoing, Publisher, SendOutcome } from '../../src/posts/publisher.ts'

/** The end of a process, as far as this process can play it: nothing that it was about to do is done. */
export class Killed extends Error {}

/** What befalls one attempt to send: `lost` and `kill-after` happen after the channel has it, the others before. */
export type SendFault = 'lost' | 'failed' | 'later' | 'kill-before' | 'kill-after' | 'no-credit' | 'closed' | 'refused'

/** A channel that takes whatever is sent, as often as it is sent: whoever sends twice posts twice. */
export class FakeChannel {
  readonly name: Channel
  readonly messages: {
    readonly id: string
    readonly text: string
    readonly nonce: string
    readonly replyTo: string | null
  }[] = []
  readonly raw: Outgoing[] = []
  asked = 0
  /** What the next attempt meets; undefined: nothing. */
  nextFault: () => SendFault | undefined = () => undefined
  /** Whether the next question meets a channel that cannot be asked. */
  isDeaf: () => boolean = () => false
  pause: () => Promise<unknown> = async () => undefined

  constructor(name: Channel) {
    this.name = name
  }

  get texts(): readonly string[] {
    return this.messages.map(({ text }) => text)
  }

  publisher(): Publisher {
    return {
      channel: this.name,
      send: async (message, nonce) => {
        const fault = this.nextFault()
        await this.pause()
        switch (fault) {
          case 'kill-before':
            throw new Killed()
          case 'failed':
            return { kind: 'unknown', because: 'HTTP 500' }
          case 'later':
            return { kind: 'later', because: 'no connection', retryAt: null }
          case 'no-credit':
          case 'closed':
          case 'refused':
            return { kind: fault, because: `it is ${fault}` }
        }
        const id = `${this.name}-${this.messages.length + 1}`
        this.messages.push({
          id,
          text: textOf(message),
          nonce,
          replyTo: message.channel === 'x' ? message.replyTo : null,
        })
        this.raw.push(message)
        await this.pause()
        if (fault === 'kill-after') throw new Killed()
        const sent: SendOutcome = { kind: 'sent', externalId: id }
        return fault === 'lost' ? { kind: 'unknown', because: 'the answer was cut off' } : sent
      },
      find: async (message) => {
        this.asked += 1
        await this.pause()
        if (this.isDeaf()) throw new WorldError(`${this.name} cannot be asked`, { retryable: true })
        return this.messages.find(({ text }) => text === textOf(message))?.id ?? null
      },
      close: async () => undefined,
    }
  }
}

/** What tells a message from all others: on Discord the entry that it tells of, and whether it is late. */
export function textOf(message: Outgoing): string {
  if (message.channel === 'x') return message.text
  return `${message.lateNotice ?? ''}${message.post.embeds[0]!.title}`
}

/** A post as some job would render it: `parts` texts on X, and one message on Discord. */
export function somePost(name: string, parts: number, more: Partial<RenderedPost> = {}): RenderedPost {
  const texts = Array.from({ length: parts }, (_, part) => (parts === 1 ? name : `${part + 1}/${parts} ${name}`))
  return {
    purpose: 'fills',
    of: { seq: 1, hash: 'a'.repeat(64) },
    x: texts,
    discord: {
      embeds: [
        {
          title: name,
          description: '',
          color: 1,
          fields: [],
          footer: { text: '' },
          timestamp: '2026-11-20T21:22:00.000Z',
          image: { url: 'attachment://equity.png' },
        },
      ],
      components: [],
      allowedMentions: { parse: [] },
      charts: [{ name: 'equity.png', alt: 'a chart' }],
    },
    ...more,
  }
}

export type Worker = {
  readonly ctx: Context
  readonly journal: Journal
  readonly said: string[]
  readonly publish: (channels: readonly FakeChannel[], now: string) => ReturnType<typeof publishPending>
}

/** Time of the system, which waits move on. */
export class SystemTime {
  ms = Date.parse('2026-11-20T21:22:00.000Z')
  readonly now = (): string => new Date(this.ms).toISOString()
  readonly wait = async (ms: number): Promise<void> => {
    this.ms += ms
  }
}

let workers = 0

/** A process with a journal of its own on the same database. `reach` is called before and after each thing it does. */
export async function startWorker(
  folder: string,
  time: SystemTime,
  options: PublishOptions & {
    readonly reach?: () => void
    /** What happens elsewhere between this worker's last look and its first entry. */
    readonly meanwhile?: () => Promise<unknown>
    readonly environment?: Readonly<Record<string, string>>
    readonly stopping?: AbortSignal
    /** Where the journal lies, when it is not the file of the folder. */
    readonly databaseUrl?: string
  } = {},
): Promise<Worker> {
  const journal = await openJournal(options.databaseUrl ?? `sqlite:${join(folder, 'journal.db')}`)
  const said: string[] = []
  let { meanwhile } = options
  const reach = options.reach ?? (() => undefined)
  const watched: Journal = {
    ...journal,
    append: async (entries, expectation) => {
      reach()
      const elsewhere = meanwhile
      meanwhile = undefined
      await elsewhere?.()
      const written = await journal.append(entries, expectation)
      reach()
      return written
    },
    read: (filter) => {
      reach()
      return journal.read(filter)
    },
  }
  const ctx = {
    config: readConfig({ PRIMER_HOME: folder, ...options.environment }),
    home: folder,
    journal: watched,
    clock: simulatedClock,
    state: async () => null,
    stopping: options.stopping ?? new AbortController().signal,
    say: (line: string) => void said.push(line),
  } as unknown as Context
  const worker = options.worker ?? `host:1:w${workers++}`
  return {
    ctx,
    journal,
    said,
    publish: (channels, now) =>
      publishPending(
        ctx,
        channels.map((channel) => channel.publisher()),
        now,
        { systemNow: time.now, wait: time.wait, isGone: () => false, ...options, worker },
      ),
  }
}

/** Renders a post into the journal. */
export async function render(
  { journal }: Pick<Worker, 'journal'>,
  post: RenderedPost,
  { book = 'allocator', at = '2026-11-20T21:22:00.000Z' } = {},
): Promise<Entry<'post'>> {
  const written = await journal.append([{ at, kind: 'post', book, body: post }])
  if (written.kind !== 'appended') throw new Error('not written')
  return written.entries[0] as Entry<'post'>
}

/** Entries of the outbox, in short: `posting x/1/0`. */
export async function outboxOf({ journal }: Pick<Worker, 'journal'>): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const entry of journal.read({ book: 'outbox' })) {
    const more = detailOf(entry)
    if (more === null) continue
    const { channel, post, part } = entry.body as PostingEntry
    lines.push(`${entry.kind} ${channel}/${post}/${part} ${more}`)
  }
  return lines
}

function detailOf({ kind, body }: Entry): string | number | null {
  switch (kind) {
    case 'posting':
      return body.attempt
    case 'posted':
      return body.how
    case 'released':
      return body.outcome
    case 'unposted':
      return body.because
    default:
      return null
  }
}
