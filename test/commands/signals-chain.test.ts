import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { primer, primerJson } from '../support/primer.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const market = `csv:${sharedPath('bars/crypto_2017_2022')}`
const items = sharedPath('data/catalysts/items.jsonl')
const dates = ['--from', '2020-06-01', '--to', '2021-08-31'] as const

type Backtest = {
  readonly policy: string
  readonly fills: readonly { readonly date: string; readonly symbol: string; readonly quantity: number }[]
  readonly finalEquity: number
  readonly signals: {
    readonly extractor: string
    readonly signals: number
    readonly usable: number
    readonly kinds: readonly { readonly kind: string; readonly n: number; readonly ic: number | null }[]
    readonly verdict: string
  }
  readonly notes: readonly string[]
}

test('real texts become signals, a backtest, a report and an audit by the commands of the README', {
  skip: sharedAbsent,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'primer-chain-'))
  try {
    const ingested = await primerJson<{ did: string; entries: unknown[] }>(['run', 'ingest', '--items', items], {
      home,
    })
    assert.match(ingested.did, /^774 new texts from 1 source; 1 known before, or copies of another$/)
    const again = await primerJson<{ entries: unknown[] }>(['run', 'ingest', '--items', items], { home })
    assert.equal(again.entries.length, 0)
    const read = await primerJson<{ did: string }>(['run', 'extract'], { home })
    assert.match(read.did, /^774 texts read by keywords \(baseline, no model\)/)

    const args = ['backtest', '--book', 'catalyst', '--policy', 'signals', ...dates, '--market', market]
    const report = join(home, 'report')
    const [plain, ic, audit] = await Promise.all([
      primerJson<Backtest>([...args, '--report', report], { home }),
      primerJson<{ horizons: Record<string, { n: number }> }>(
        ['ic', '--signals', 'stored', '--market', market, '--horizons', '1,5,20'],
        { home },
      ),
      primerJson<{ ok: boolean; findings: unknown[] }>(
        [
          'audit',
          'lookahead',
          '--book',
          'catalyst',
          '--policy',
          'signals',
          ...dates,
          '--market',
          market,
          '--samples',
          '4',
        ],
        { home },
      ),
    ])
    // Keywords on a few hundred governance votes have shown nothing: said plainly, and no money moved.
    assert.equal(plain.signals.extractor, 'baseline')
    assert.match(plain.signals.verdict, /^No evidence/)
    assert.equal(plain.fills.length, 0)
    assert.equal(plain.finalEquity, 10_000)
    for (const told of [/survivorship/, /keywords/, /date without a time/, /no date that can be read/]) {
      assert.ok(
        plain.notes.some((note) => told.test(note)),
        String(told),
      )
    }
    const page = readFileSync(join(report, 'index.html'), 'utf8')
    assert.match(page, /What the catalysts have shown/)
    assert.match(page, /No evidence that any kind of catalyst foretells returns/)
    assert.ok(ic.horizons['5']!.n > 10)
    assert.equal(audit.ok, true)
    assert.deepEqual(audit.findings, [])
    assert.ok(existsSync(join(home, 'journal.db')))
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})

test('a file of signals that is wrong is refused whole, with every line', async () => {
  const home = await mkdtemp(join(tmpdir(), 'primer-signals-'))
  try {
    const { writeFile } = await import('node:fs/promises')
    const file = join(home, 'signals.csv')
    await writeFile(
      file,
      'date,asset,value,kind\n2021-02-30,AAVE/USD,0.5,listing\n2021-03-01,AAVE/USD,1.5,listing\n2021-03-02,,0.5,rumour\n',
    )
    const { code, stderr, stdout } = await primer(
      ['backtest', '--book', 'catalyst', '--policy', `signals:${file}`, ...dates, '--market', 'simulated:1'],
      { home },
    )
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    for (const fault of [/line 2.*2021-02-30/, /line 3.*value/, /line 4.*asset/, /line 4.*kind/])
      assert.match(stderr, fault)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})
