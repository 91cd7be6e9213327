import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderFiles } from '../../jobs/post-pictures.ts'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { type Context, stateReader } from '../../src/context.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { outgoing } from '../../src/posts/outgoing.ts'
import { withFolder } from '../support/database.ts'
import { climbingMarket, runJob } from '../support/jobs.ts'

test('the chart that a decision post names is drawn from the closes up to it, and goes with it to Discord', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    for (const date of ['2024-03-05', '2024-03-06']) await runJob('allocate', date, environment)
    const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`, { readOnly: true })
    const said: string[] = []
    const ctx = { journal, state: stateReader(journal), say: (line: string) => said.push(line) } as unknown as Context
    const posts: Entry<'post'>[] = []
    for await (const entry of journal.read({ kinds: ['post'] })) if (entry.kind === 'post') posts.push(entry)
    const post = posts.findLast(({ body }) => body.purpose === 'decision')!
    const [picture, ...others] = await renderFiles(ctx, post)
    assert.deepEqual(others, [])
    assert.equal(picture!.name, 'equity.png')
    assert.match(picture!.alt, /^Line chart from 2024-03-05 to 2024-03-06: equity EUR 10,000/)
    const png = Buffer.from(picture!.png)
    assert.deepEqual([png.subarray(1, 4).toString(), png.readUInt32BE(16), png.readUInt32BE(20)], ['PNG', 2400, 1350])
    const place = { channel: 'discord', part: 0, late: false, replyTo: null } as const
    const message = outgoing(post.body, place, [picture!])
    assert(message.channel === 'discord')
    assert.deepEqual([message.post.embeds[0]!.image?.url, message.files.length], ['attachment://equity.png', 1])
    // Paris opens first, but nothing waits for it where only New York's funds are traded.
    assert.equal(post.body.before, '2024-03-07T14:30:00.000Z')
    // A book that cannot be read costs the picture, not the post.
    const blind = { ...ctx, state: () => Promise.reject(new Error('broken')) } as unknown as Context
    assert.deepEqual(await renderFiles(blind, post), [])
    assert.match(said.join(), /could not be drawn.*broken/)
    await journal.close()
  }))
