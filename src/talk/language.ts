/**
 * The language of a short text by a stated, simple guess: the script, where only one language is written in it, else the
 * commonest small words of seven languages. It is a label for later sorting, never the ground of a decision.
 *
 * @returns an ISO 639 code, or `und` when fewer than two small words speak for one language, or two languages tie
 * Example: guessLanguage('I think the market is too high') -> 'en', guessLanguage('LVMH?') -> 'und'
 */
export function guessLanguage(text: string): string {
  const head = text.slice(0, 2000)
  const letters = head.match(/\p{L}/gu)?.length ?? 0
  if (letters === 0) return 'und'
  for (const [language, script] of scripts) {
    if ((head.match(script)?.length ?? 0) > letters / 4) return language
  }
  const words = head.toLowerCase().match(/[\p{L}']+/gu) ?? []
  let best = { language: 'und', hits: 1 }
  let isTied = false
  for (const [language, small] of smallWords) {
    const hits = words.filter((word) => small.has(word)).length
    if (hits > best.hits) {
      best = { language, hits }
      isTied = false
    } else if (hits === best.hits) isTied = true
  }
  return isTied ? 'und' : best.language
}

/** Kana before Han: Japanese is written in both. */
const scripts: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{sc=Hiragana}\p{sc=Katakana}]/gu],
  ['ko', /\p{sc=Hangul}/gu],
  ['zh', /\p{sc=Han}/gu],
  ['el', /\p{sc=Greek}/gu],
  ['he', /\p{sc=Hebrew}/gu],
  ['th', /\p{sc=Thai}/gu],
]

const smallWords: readonly (readonly [string, ReadonlySet<string>])[] = Object.entries({
  en: 'the and is are was of to in that it for you this with not have be on at as but they what why will would from an',
  fr: 'le la les des est et pas que qui dans pour sur avec une ne ce cette je vous nous mais plus au du sont être trop',
  de: 'der die das und ist nicht ein eine zu den von mit auf für im dem sich auch es ich wir sie aber wird warum noch',
  es: 'el los las es y no que en por con para una del se lo más pero como está muy son porque yo este esta',
  it: 'il gli di che è e non per una sono con del della più ma come questo questa perché anche nel si lo',
  pt: 'o os as é e não que em por com para uma do da se mais mas como está são porque eu este isso muito',
  nl: 'de het een en is niet van dat te op voor met zijn maar ook aan er waarom nog wel deze ik je',
}).map(([language, words]) => [language, new Set(words.split(' '))])
