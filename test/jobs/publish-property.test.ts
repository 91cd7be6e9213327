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
  }),
  fc.record({ kind: fc.constant('pass' as const), minutes: fc.constantFrom(0.1, 1, 3, 40, 600) }),
)

test('whatever fails and whoever dies, each text is on each channel once and in order, or is given up with a reason', () =>
  withFolder(async (parent) => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
        const folder = `${parent}/${round++}`
        const time = new SystemTime()
        const x = new FakeChannel('x')
        const discord = new FakeChannel('discord')
        const environment = { X_DAILY_POSTS: '1000', X_MONTHLY_POSTS: '10000' }
        const dead = new Set<string>()
        let births = 0
        const born = () => {
          const worker = `host:${births++}:a`
          return startWorker(folder, time, { worker, environment, isGone: (name) => dead.has(name) }).then((one) => ({
            ...one,
            name: worker,
          }))
        }
        const workers: (Worker & { name: string })[] = [await born(), await born()]
        const posts: { post: RenderedPost; book: string; seq: number }[] = []
        const clock = () => new Date(time.ms).toISOString()
        const renew = async (index: number) => {
          dead.add(workers[index]!.name)
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
            try {
              await workers[one.worker]!.publish([x, discord], clock())
            } catch (error) {
              assert(error instanceof Killed, String(error))
              await renew(one.worker)
            }
          }
        }
        for (const channel of [x, discord]) {
          channel.nextFault = () => undefined
          channel.isDeaf = () => false
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
