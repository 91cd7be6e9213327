import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openLog } from '../src/adapters/log.ts'
import { redactor } from '../src/redaction.ts'

const environment = {
  OPENAI_API_KEY: 'sk-proj-Zq81+/=="quoted"\\Xw',
  DISCORD_TOKEN: 'MTIz.NDU2.789-abc_def',
  X_ACCESS_SECRET: 'hunter2 hunter2',
  DATABASE_URL: 'postgres://primer:p%40ss%2Fword99@db.example:5432/primer',
  REDIS_URL: 'rediss://:r3dis-passw0rd@10.0.0.7:6380',
  PEOPLE_KEY: '0123456789abcdef0123456789abcdef',
  LLM_MODEL: 'gpt-5.4-mini',
}
const parts = [
  environment.OPENAI_API_KEY,
  environment.DISCORD_TOKEN,
  environment.X_ACCESS_SECRET,
  environment.PEOPLE_KEY,
  'p%40ss%2Fword99',
  'p@ss/word99',
  'r3dis-passw0rd',
]

/** Every form in which the text of a log line may carry a secret. */
const hidden = (secret: string) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
]

test('no secret leaves through a log line, whatever it is part of', () => {
  const lines: string[] = []
  for (const isTerminal of [false, true]) {
    const log = openLog({ level: 'trace', environment, write: (line) => lines.push(line), isTerminal })
    for (const secret of parts) {
      for (const form of hidden(secret)) {
        log.info(`the server said: ${form} is wrong`)
        log.warn({ url: `https://host/${form}?key=${form}`, book: form, date: form }, form)
        log.error({ err: new Error(`request failed: ${form}`, { cause: new Error(form) }) }, 'failed')
        log.error({
          err: Object.assign(new Error('x'), { config: { headers: { authorization: form } } }),
          list: [form],
        })
        log.child({ job: form }).debug({ deep: { deeper: { deepest: form } } })
      }
      log.info({ token: 'anything at all', a: { password: 'anything at all' } }, 'fields by name')
    }
  }
  const all = lines.join('')
  assert(lines.length > 200)
  for (const secret of parts) for (const form of hidden(secret)) assert(!all.includes(form), `leaked ${form}`)
  assert(!all.includes('anything at all'))
  assert(all.includes('[OPENAI_API_KEY]') && all.includes('[DATABASE_URL]') && all.includes('[REDIS_URL]'))
})

test('a secret is taken out wherever it stands, and a text without one is left as it is', () => {
  const redact = redactor(environment)
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...parts), fc.string(), (before, secret, after) => {
      assert(!redact(before + secret + after).includes(secret))
    }),
  )
  const plain = 'gpt-5.4-mini answered in 12 ms at db.example:5432; 16:20 allocator'
  assert.equal(redact(plain), plain)
})

test('a log line is one JSON object with level, time and the fields of its step', () => {
  const lines: string[] = []
  const log = openLog({ level: 'info', environment: {}, write: (line) => lines.push(line), isTerminal: false })
  log.info({ job: 'fill', book: 'allocator', date: '2026-11-20', durationMs: 812 }, 'booked 2026-11-20')
  log.debug('not shown')
  assert.equal(lines.length, 1)
  const { time, ...rest } = JSON.parse(lines[0]!)
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(rest, {
    level: 'info',
    job: 'fill',
    book: 'allocator',
    date: '2026-11-20',
    durationMs: 812,
    msg: 'booked 2026-11-20',
  })
})
