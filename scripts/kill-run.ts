import { parseArgs } from 'node:util'
import { decidingServer, modelEnvironment } from '../test/support/deciding-server.ts'
import { assertSameRows, type KillFigures, killRun, lessAttempts } from '../test/support/kill-run.ts'

/**
 * The long kill run: `node scripts/kill-run.ts [--kills 200] [--sessions 60] [--seed 1]`. A demo is killed at so many random
 * moments and resumed after each; then a fifth as often with a model deciding. It stops at the first difference from the
 * uninterrupted run, and prints what the kills hit.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
})
const [kills, sessions] = [Number(values.kills), Number(values.sessions)]
if (!(Number.isInteger(kills) && kills > 0 && Number.isInteger(sessions) && sessions > 0)) {
  process.stderr.write('kill-run: --kills and --sessions are whole numbers from 1\n')
  process.exit(2)
}
const common = { sessions, seed: values.seed, span: 1, say: (line: string) => process.stderr.write(`${line}\n`) }

print('control', await killRun({ ...common, kills }))
const server = await decidingServer()
try {
  const compare: Parameters<typeof killRun>[0]['compare'] = (found, wanted) =>
    assertSameRows(lessAttempts(found), lessAttempts(wanted))
  const env = modelEnvironment(server.url)
  print('model', await killRun({ ...common, kills: Math.ceil(kills / 5), env, compare }))
} finally {
  await server.close()
}

function print(decider: string, figures: KillFigures): void {
  const { kills, runs, entries, uninterruptedMs, totalMs, hit } = figures
  process.stdout.write(
    `${decider}: ${kills} kills over ${runs} runs of ${sessions} sessions; each verified and replayed after every kill, and ended ` +
      `with the ${entries} entries of the uninterrupted run (${uninterruptedMs} ms); ${Math.round(totalMs / 1000)} s in all\n`,
  )
  for (const [place, count] of Object.entries(hit).sort((a, b) => b[1] - a[1])) {
    process.stdout.write(`  ${String(count).padStart(4)} ${place}\n`)
  }
}
