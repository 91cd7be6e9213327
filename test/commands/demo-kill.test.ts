import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withFolder } from '../support/database.ts'
import { decidingServer, modelEnvironment } from '../support/deciding-server.ts'
import { assertSameRows, killRun, lessAttempts } from '../support/kill-run.ts'
import { primer, rowsOf, soundness, startPrimer } from '../support/primer.ts'

test('a demo killed at 3 random moments ends with the entries and charts of one that was not', async (context) => {
  const figures = await killRun({
    kills: 3,
    sessions: 30,
    seed: 'ci',
    span: 0.3,
    say: (line) => context.diagnostic(line),
  })
  context.diagnostic(JSON.stringify(figures))
  assert.equal(figures.kills, 3)
})

test('with a model, a killed demo differs in attempts and latencies alone', async (context) => {
  const server = await decidingServer()
  try {
    const figures = await killRun({
      kills: 2,
      sessions: 8,
      seed: 'ci-model',
      span: 0.4,
      env: modelEnvironment(server.url),
      compare: (found, wanted) => assertSameRows(lessAttempts(found), lessAttempts(wanted)),
      say: (line) => context.diagnostic(line),
    })
    context.diagnostic(JSON.stringify(figures))
  } finally {
    await server.close()
  }
})

test('killed before, while and just after its journal is made, a demo begins as if for the first time', () =>
  withFolder(async (folder) => {
    const control = join(folder, 'control')
    assert.equal((await primer(['demo', '--sessions', '1', '--out', control], { home: folder })).code, 0)
    const out = join(folder, 'killed')
    const made = (name: string) => () => existsSync(join(out, name))
    // The folder, the mark of a demo, the database, its log beside it, then its first entries.
    for (const moment of [() => existsSync(out), made('demo.json'), made('journal.db'), made('journal.db-wal')]) {
      const { child, ended } = startPrimer(['demo', '--sessions', '1', '--out', out], { home: folder })
      const watch = setInterval(() => moment() && child.kill('SIGKILL'), 0)
      assert.equal((await ended).signal, 'SIGKILL')
      clearInterval(watch)
      const { verifies, differences } = await soundness(out)
      assert.deepEqual([verifies, differences], [true, []])
    }
    const { code, stderr } = await primer(['demo', '--sessions', '1', '--out', out], { home: folder })
    assert.equal(code, 0, stderr)
    assertSameRows(rowsOf(join(out, 'journal.db')), rowsOf(join(control, 'journal.db')))
  }))

test('killed while its charts are drawn, a demo draws them whole the next time', () =>
  withFolder(async (folder) => {
    const out = join(folder, 'demo')
    const args = ['demo', '--sessions', '2', '--out', out]
    const { child, ended } = startPrimer(args, { home: folder })
    const watch = setInterval(() => existsSync(join(out, 'charts')) && child.kill('SIGKILL'), 1)
    assert.equal((await ended).signal, 'SIGKILL')
    clearInterval(watch)
    const before = rowsOf(join(out, 'journal.db'))
    assert.equal((await primer(args, { home: folder })).code, 0)
    assertSameRows(rowsOf(join(out, 'journal.db')), before)
    for (const name of ['equity', 'allocation']) {
      // A PNG ends with its IEND chunk; a torn one does not.
      const png = readFileSync(join(out, 'charts', `allocator-${name}.png`))
      assert.equal(png.subarray(-8).toString('latin1'), 'IEND\xaeB`\x82')
    }
  }))
