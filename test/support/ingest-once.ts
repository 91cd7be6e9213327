// Reads one feed into a journal once: node test/support/ingest-once.ts HOME URL. Tests kill it, or run two at a time.
import { ingest } from '../../jobs/ingest.ts'
import { openWeb } from '../../src/adapters/sources/web.ts'
import { Source } from '../../src/catalysts/source.ts'
import { textContext } from './texts.ts'

const [home, url] = process.argv.slice(2) as [string, string]
const ctx = await textContext(home)
const web = openWeb()
const source = Source.parse({ type: 'feed', name: 'bank', url })
const options = { web, accountPosts: null, force: true }
const looks = await ingest(ctx, [source], () => new Date().toISOString(), options)
process.stdout.write(JSON.stringify(looks))
await web.close()
await ctx.journal.close()
