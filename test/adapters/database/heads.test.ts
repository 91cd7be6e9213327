import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publishHead, publishHeadOf, readHeads } from '../../../src/adapters/database/heads.ts'
import { InputError, JournalError, WorldError } from '../../../src/errors.ts'
import { withFolder } from '../../support/database.ts'

const head = (seq: number) => ({ seq, hash: String(seq % 10).repeat(64), at: '2020-03-12T20:20:00.000Z' })

test('published heads are kept in order, one line each, and the same one once', () =>
  withFolder(async (folder) => {
    const home = join(folder, 'home')
    assert.deepEqual(readHeads(home), { heads: [], malformed: [] })
    for (const seq of [7, 7, 12]) publishHead(home, head(seq))
    assert.equal(
      readFileSync(join(home, 'heads'), 'utf8'),
      `7:${'7'.repeat(64)} 2020-03-12T20:20:00.000Z\n12:${'2'.repeat(64)} 2020-03-12T20:20:00.000Z\n`,
    )
    assert.deepEqual(readHeads(home), { heads: [head(7), head(12)], malformed: [] })
  }))

test('a torn line is reported, and does not spoil the one that follows', () =>
  withFolder(async (folder) => {
    publishHead(folder, head(7))
    appendFileSync(join(folder, 'heads'), '9:99999')
    publishHead(folder, head(12))
    appendFileSync(
      join(folder, 'heads'),
      `0:${'0'.repeat(64)} 2020-03-12T20:20:00.000Z\r\n13:${'3'.repeat(64)} yesterday\n\n`,
    )
    const { heads, malformed } = readHeads(folder)
    assert.deepEqual(heads, [head(7), head(12)])
    assert.deepEqual(
      malformed.map((line) => /line (\d+) is not "SEQ:HASH AT"/.exec(line)?.[1]),
      ['2', '4', '5'],
    )
  }))

test('a heads file that cannot be read or written is named', () =>
  withFolder(async (folder) => {
    mkdirSync(join(folder, 'heads'))
    assert.throws(
      () => readHeads(folder),
      (error) => error instanceof InputError && /heads .*cannot be read/.test(error.message),
    )
    assert.throws(
      () => publishHead(folder, head(1)),
      (error) => error instanceof WorldError && /heads failed/.test(error.message),
    )
    writeFileSync(join(folder, 'file'), '')
    assert.throws(() => publishHead(join(folder, 'file'), head(1)), WorldError)
  }))

test('a head below a published one, or beside one with another hash, is not published', () =>
  withFolder(async (home) => {
    for (const seq of [7, 12]) publishHead(home, head(seq))
    const before = readFileSync(join(home, 'heads'), 'utf8')
    for (const [wrong, told] of [
      [head(11), /ends at entry 11, and entry 12 of hash 2{16} was published on 2020-03-12.*Nothing was changed/],
      [head(7), /ends at entry 7, and entry 12 /],
      [{ ...head(12), hash: 'a'.repeat(64) }, /has entry 12 of hash a{16}, and one of hash 2{16} was published/],
    ] as const) {
      assert.throws(
        () => publishHead(home, wrong),
        (error) => error instanceof JournalError && told.test(error.message),
      )
    }
    // A line somebody else put at the end does not hide the one above it.
    appendFileSync(join(home, 'heads'), `3:${'3'.repeat(64)} 2020-03-12T20:20:00.000Z\n`)
    assert.throws(() => publishHead(home, head(11)), JournalError)
    publishHead(home, head(12))
    assert.equal(readFileSync(join(home, 'heads'), 'utf8'), `${before}3:${'3'.repeat(64)} 2020-03-12T20:20:00.000Z\n`)
  }))

test('who is overtaken by another process publishes the later head, and who lost entries publishes none', () =>
  withFolder(async (home) => {
    const heads = [head(7), head(12)]
    publishHead(home, head(9))
    await publishHeadOf(home, { head: async () => heads.shift() ?? head(12) })
    assert.deepEqual(
      readHeads(home).heads.map(({ seq }) => seq),
      [9, 12],
    )
    await assert.rejects(publishHeadOf(home, { head: async () => head(7) }), JournalError)
    await assert.rejects(publishHeadOf(home, { head: async () => null }), /is empty, and entry 9 /)
    const fresh = join(home, 'fresh')
    await publishHeadOf(fresh, { head: async () => null })
    assert.deepEqual(readHeads(fresh).heads, [])
  }))
