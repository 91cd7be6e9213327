import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import { linesOf, onEachDatabase, startWriter, withFolder } from '../../support/database.ts'

/** How long a process takes to start and to write, on this machine and now. */
function millisecondsToFirstEntry(): Promise<number> {
  return withFolder(async (folder) => {
    const started = performance.now()
    const child = startWriter(`sqlite:${folder}/journal.db`, 'allocator', 1)
    assert.equal(String(await once(child.stdout!, 'data')), 'appended 1\n')
    const startMs = performance.now() - started
    await once(child, 'exit')
    return startMs
  })
}

onEachDatabase('killed at any moment, a journal keeps all that was reported and is continued', async ({ url }) => {
  let told = 0
  const startMs = await millisecondsToFirstEntry()
  // The first kills fall near the making of the tables, the others some milliseconds after the first entry of a process.
  const moments = [
    ...[-60, -30, -10, 20].map((ms) => () => setTimeout(startMs + ms)),
    ...[1, 2, 5, 11, 23, 47].map(
      (ms) => (child: ChildProcess) => once(child.stdout!, 'data').then(() => setTimeout(ms)),
    ),
  ]
  for (const moment of moments) {
    const child = startWriter(url, 'allocator', 100_000)
    const lines = linesOf(child)
    await moment(child)
    child.kill('SIGKILL')
    // The last line may be cut short; what was told is what was told whole.
    const numbers = (await lines).flatMap((line) => /^(?:appended|already-done) (\d+)$/.exec(line)?.[1] ?? [])
    told = Math.max(told, ...numbers.map(Number))
  }
  const journal = await openJournal(url)
  const result = await journal.verify()
  assert.equal(result.ok, true)
  assert(result.entries >= told && told > 0, `${result.entries} entries, ${told} reported`)
  // Keys and entries belong together: every step that is marked as done has its entry, and every entry its step.
  const values = (await Array.fromAsync(journal.read())).map((entry) =>
    entry.kind === 'alert' ? entry.body.alerts[0]!.price : null,
  )
  assert.deepEqual(
    values,
    Array.from(values, (_, index) => index + 1),
  )
  assert.equal(await journal.done(`allocator/${result.entries}`), result.entries)
  await journal.close()
})

test('a full disk is reported, nothing is half-written, and with space again the journal goes on', (context) =>
  withFolder(async (folder) => {
    const disk = join(folder, 'disk')
    const url = `sqlite:${disk}/journal.db`
    const program = join(folder, 'fill.ts')
    const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    writeFileSync(
      program,
      `import { openJournal } from ${source('../../../src/adapters/database/journal.ts')}
       import { WorldError } from ${source('../../../src/errors.ts')}
       import { alertEntries } from ${source('../../support/alerts.ts')}
       import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
       writeFileSync('${disk}/ballast', Buffer.alloc(300_000))
       let journal = await openJournal('${url}')
       let written = 0
       try {
         for (;;) { await journal.append(alertEntries(50)); written += 50 }
       } catch (error) {
         console.log(JSON.stringify({ written, world: error instanceof WorldError, retryable: error.retryable, message: error.message }))
       }
       const { ok, entries } = await journal.verify()
       rmSync('${disk}/ballast')
       await journal.append(alertEntries(50))
       await journal.close()
       journal = await openJournal('${url}')
       console.log(JSON.stringify({ ok, entries, after: (await journal.verify()).entries }))
       await journal.close()`,
    )
    // A disk of its own, seen by this one process only.
    const mount = `mkdir '${disk}' && mount -t tmpfs -o size=1200k tmpfs '${disk}' && exec '${process.execPath}' '${program}'`
    if (spawnSync('unshare', ['-rm', 'true']).status !== 0) return context.skip('needs unshare, to make a small disk')
    const lines = execFileSync('unshare', ['-rm', 'sh', '-c', mount], { encoding: 'utf8' }).trim().split('\n')
    const [full, after] = lines.map((line) => JSON.parse(line))
    assert(full.written > 0)
    assert.deepEqual([full.world, full.retryable], [true, true])
    assert.match(full.message, /^appending 50 entries to the journal sqlite:.* failed: .*(full|disk).*run this again/)
    assert.deepEqual(after, { ok: true, entries: full.written, after: full.written + 50 })
  }))
