import { parseArgs } from 'node:util'
import { type FaultFigures, faultRun } from '../test/support/service-faults.ts'
import { daysOf } from '../test/support/service-world.ts'

/**
 * The long fault run: `node scripts/fault-run.ts [--kills 300] [--seed 1] [--days simulated|recorded]`. Two weeks are played
 * back while people talk; the service, its Redis and the gateway of Discord are killed or cut at so many random moments, and the
 * service is started again at once. It stops at the first thing that is lost, doubled or different, and prints what was compared.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    days: { type: 'string', default: 'simulated' },
    gap: { type: 'string', default: '8' },
  },
})
const [kills, gap] = [Number(values.kills), Number(values.gap)]
if (!(Number.isInteger(kills) && kills > 0 && gap > 0)) {
  process.stderr.write('fault-run: --kills is a whole number from 1, --gap seconds above 0\n')
  process.exit(2)
}
const began = Date.now()
const figures = await faultRun({
  days: daysOf(values.days),
  kills,
  seed: values.seed,
  gapMs: gap * 1000,
  everyMs: 150,
  mostMs: 900_000,
  say: (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
})
print(figures)

function print({ kills, runs, after, compared }: FaultFigures): void {
  const table = (title: string, counts: Readonly<Record<string, number>>) => {
    const lines = Object.entries(counts).sort(([, a], [, b]) => b - a)
    process.stdout.write(`\n| ${title} | |\n|---|---|\n`)
    for (const [name, count] of lines) process.stdout.write(`| ${name} | ${count} |\n`)
  }
  const seconds = Math.round((Date.now() - began) / 1000)
  process.stdout.write(
    `${runs} runs of two weeks (seed ${values.seed}, ${values.days}), ${seconds} s; nothing was lost or doubled\n`,
  )
  table('faults', kills)
  table('last entry before a fault', after)
  table('compared after the runs, nothing different', compared)
}
