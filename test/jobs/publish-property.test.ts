import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RenderedPost } from '../../src/journal/entry.ts'
import { withFolder } from '../support/database.ts'
import {
  FakeChannel,
  Killed,
  render,
  type SendFault,
  SystemTime,
  somePost,
  startWorker,
  type Worker,
} from '../support/outbox.ts'

const faults = ['lost', 'failed', 'later', 'kill-before', 'kill-after', 'closed', 'no-credit'] as const

type Act =
  | { readonly kind: 'render'; readonly book: string; readonly parts: number; readonly discord: boolean }
  | {
      readonly kind: 'run'
      readonly worker: 0 | 1
      readonly x: readonly (SendFault | null)[]
      readonly discord: readonly (SendFault | null)[]
      readonly deaf: boolean
      /** Calls of channels after which it is told to end; null: it goes on. */
      readonly endAfter: number | null
    }
  | { readonly kind: 'pass'; readonly minutes: number }

const fault = fc.option(fc.constantFrom(...faults), { freq: 2 })
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('render' as const),
    book: fc.constantFrom('allocator', 'catalyst'),
    parts: fc.integer({ min: 0, max: 3 }),
    discord: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('run' as const),
    worker: fc.constantFrom(0 as const, 1 as const),
    x: fc.array(fault, { maxLength: 4 }),
    discord: fc.array(fault, { maxLength: 3 }),
    deaf: fc.boolean(),
    endAfter: fc.option(fc.integer({ min: 0, max: 8 }), { freq: 2 }),
  }),
  fc.record({ kind: fc.constant('pass' as const), minutes: fc.constantFrom(0.1, 1, 3, 40, 600) }),
)

const environment = { X_DAILY_POSTS: '1000', X_MONTHLY_POSTS: '10000' }

type Born = Worker & { readonly name: string; readonly stop: AbortController }

/** Claims of a worker of which the journal does not say how they ended. */
async function openClaims({ journal }: Worker, name: string): Promise<readonly string[]> {
  const open = new Set<string>()
  for await (const entry of journal.read({ book: 'outbox' })) {
    if (entry.kind === 'unposted') {
      for (const claim of open) if (claim.startsWith(`${entry.body.channel}/${entry.body.post}/`)) open.delete(claim)
    }
    if (entry.kind !== 'posting' && entry.kind !== 'posted' && entry.kind !== 'released') continue
    const { channel, post, part } = entry.body
    const claim = `${channel}/${post}/${part}`
    if (entry.kind !== 'posting') open.delete(claim)
    else if (entry.body.worker === name) open.add(claim)
  }
  return [...open]
}

test('whatever fails and whoever dies or ends in order, each text is on each channel once and in order, or is given up with a reason', () =>
  withFolder(async (parent) => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
        const folder = `${parent}/${round++}`
        const time = new SystemTime()
        const x = new FakeChannel('x')
        const discord = new FakeChannel('discord')
        const dead = new Set<string>()
        let births = 0
        const born = async (): Promise<Born> => {
          const worker = `host:${births++}:a`
          const stop = new AbortController()
          const isGone = (name: string) => dead.has(name)
          const one = await startWorker(folder, time, { worker, environment, isGone, stopping: stop.signal })
          return { ...one, name: worker, stop }
        }
        const workers: Born[] = [await born(), await born()]
        const posts: { post: RenderedPost; book: string; seq: number }[] = []
        const clock = () => new Date(time.ms).toISOString()
        const renew = async (index: number, isKnown: boolean) => {
          if (isKnown) dead.add(workers[index]!.name)
          await workers[index]!.journal.close()
          workers[index] = await born()
        }
        for (const one of acts) {
          if (one.kind === 'pass') time.ms += one.minutes * 60_000
          else if (one.kind === 'render') {
            const post = somePost(`post ${posts.length}`, one.parts, one.discord ? {} : { discord: null })
            const { seq } = await render(workers[0]!, post, { book: one.book, at: clock() })
            posts.push({ post, book: one.book, seq })
          } else {
            const left = { x: [...one.x], discord: [...one.discord] }
            x.nextFault = () => left.x.shift() ?? undefined
            discord.nextFault = () => left.discord.shift() ?? undefined
            x.isDeaf = () => one.deaf
            const { name, stop } = workers[one.worker]!
            let calls = 0
            for (const channel of [x, discord])
              channel.pause = async () => (calls++ === one.endAfter ? stop.abort() : undefined)
            try {
              await workers[one.worker]!.publish([x, discord], clock())
              if (!stop.signal.aborted) continue
              assert.deepEqual(await openClaims(workers[one.worker]!, name), [], 'a worker that ends leaves no claim')
              // On another machine nobody can tell that it is gone.
              await renew(one.worker, false)
            } catch (error) {
              assert(error instanceof Killed, String(error))
              await renew(one.worker, true)
            }
          }
        }
        for (const channel of [x, discord]) {
          channel.nextFault = () => undefined
          channel.isDeaf = () => false
          channel.pause = async () => undefined
        }
        // Nobody fails any more: within a day everything is through.
        for (let hour = 0; hour < 60; hour++) {
          await workers[hour % 2]!.publish([x, discord], clock())
          time.ms += 1_800_000
        }
        const unposted = new Set<string>()
        for await (const entry of workers[0]!.journal.read({ kinds: ['unposted'] })) {
          if (entry.kind === 'unposted') unposted.add(`${entry.body.channel}/${entry.body.post}`)
        }
        for (const book of ['allocator', 'catalyst']) {
          const own = posts.filter((post) => post.book === book)
          const onX = own.filter(({ seq }) => !unposted.has(`x/${seq}`)).flatMap(({ post }) => post.x)
          const mine = new Set(own.flatMap(({ post }) => post.x))
          const there = x.texts.filter((text) => mine.has(text))
          if (unposted.size === 0) assert.deepEqual(there, onX)
          else assert.equal(new Set(there).size, there.length)
          const onDiscord = own.filter(({ post, seq }) => post.discord !== null && !unposted.has(`discord/${seq}`))
          const titles = onDiscord.map(({ post }) => (post.discord as { embeds: { title: string }[] }).embeds[0]!.title)
          assert.deepEqual(
            discord.texts.filter((text) => own.some(({ post }) => JSON.stringify(post.discord).includes(`"${text}"`))),
            titles,
          )
        }
        for (const { text, replyTo } of x.messages) {
          const place = /^(\d)\/\d (post \d+)$/.exec(text)
          const before =
            place === null || place[1] === '1'
              ? null
              : x.messages.find(
                  (one) => one.text.startsWith(`${Number(place[1]) - 1}/`) && one.text.endsWith(place[2]!),
                )!.id
          assert.equal(replyTo, before, text)
        }
        for (const { journal } of workers) await journal.close()
      }),
      { numRuns: 25 },
    )
  }))

test('a worker that ends in order, wherever it was, keeps no other waiting longer than a channel needs', () =>
  withFolder(async (parent) => {
    const mild = fc.option(fc.constantFrom('lost' as const, 'failed' as const, 'later' as const), { freq: 2 })
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(mild, { maxLength: 3 }),
        fc.integer({ min: 0, max: 12 }),
        fc.boolean(),
        async (posts, faults, endAfter, deaf) => {
          const folder = `${parent}/${round++}`
          const time = new SystemTime()
          const x = new FakeChannel('x')
          const stop = new AbortController()
          const first = await startWorker(folder, time, { environment, stopping: stop.signal })
          for (const [index, parts] of posts.entries()) await render(first, somePost(`post ${index}`, parts))
          let calls = 0
          x.pause = async () => (calls++ === endAfter ? stop.abort() : undefined)
          const left = [...faults]
          x.nextFault = () => left.shift() ?? undefined
          x.isDeaf = () => deaf
          await first.publish([x], time.now())
          stop.abort()
          x.pause = async () => undefined
          x.nextFault = () => undefined
          x.isDeaf = () => false
          const other = await startWorker(folder, time, { environment })
          const before = time.ms
          for (;;) {
            const [run] = await other.publish([x], time.now())
            if (run!.pending === 0) break
            time.ms = Date.parse(run!.nextAt!)
          }
          // After three failures of a channel the pause before the next attempt is twenty seconds, whoever makes it.
          assert(time.ms - before <= 20_000, `${time.ms - before} ms`)
          const wanted = posts.flatMap((parts, index) => somePost(`post ${index}`, parts).x)
          assert.deepEqual(x.texts, wanted)
          for (const { journal } of [first, other]) await journal.close()
        },
      ),
      { numRuns: 25 },
    )
  }))
