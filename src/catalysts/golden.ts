import { z } from 'zod'
import { CatalystKind, catalystKinds } from './kinds.ts'
import type { Signal } from './signal.ts'

/** Texts labelled by hand: identifiers and labels, the texts lie elsewhere. */
export const GoldenSet = z.strictObject({
  /** Under the folder of shared data. */
  file: z.string(),
  rule: z.string(),
  items: z.array(
    z.strictObject({
      id: z.string().min(1),
      labels: z
        .array(
          z.strictObject({
            /** The coin alone. */
            asset: z.string().min(1),
            kind: CatalystKind,
            /** What it announces for the price; 0: nothing, or which way is open. */
            sign: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
          }),
        )
        .min(1),
      /** Why, in words of our own. */
      because: z.string().min(1),
    }),
  ),
})
export type GoldenSet = z.infer<typeof GoldenSet>

/** A share with what it is of; null of nothing. */
export type Share = { readonly right: number; readonly of: number; readonly share: number | null }

export type GoldenScore = {
  /** By kind, and `all`. */
  readonly kinds: Readonly<
    Partial<
      Record<
        CatalystKind | 'all',
        {
          /** Of the claims of this kind: how many are labelled so. */
          readonly precision: Share
          /** Of the labels of this kind that have a direction: how many were found. */
          readonly recall: Share
        }
      >
    >
  >
  /** The same for the asset alone, whatever the kind. */
  readonly assets: { readonly precision: Share; readonly recall: Share }
  /** Of the labels with a direction that were found, kind and asset right: how many with the right sign. */
  readonly signs: Share
  /** Of the labels without a direction: how many were left without one. */
  readonly restraint: Share
}

/**
 * How claims fit labels. A claim is right when text, asset and kind are labelled. A label without direction need not be found, so
 * recall counts the others alone; giving it a direction is counted by `restraint`.
 *
 * @param found signals by the text's id; assets as the universe has them
 * @param coin what a universe's symbol is called in the labels, such as AAVE for AAVE/USD
 */
export function goldenScore(
  golden: Pick<GoldenSet, 'items'>,
  found: ReadonlyMap<string, readonly Signal[]>,
  coin: (symbol: string) => string,
): GoldenScore {
  const labels = golden.items.flatMap(({ id, labels }) => labels.map((label) => ({ id, ...label })))
  const claims = golden.items.flatMap(({ id }) =>
    (found.get(id) ?? []).map(({ asset, kind, direction }) => ({ id, asset: coin(asset), kind, direction })),
  )
  type Place = { readonly id: string; readonly asset: string; readonly kind: CatalystKind }
  const sameAsset = (a: Place) => (b: Place) => a.id === b.id && a.asset === b.asset
  const same = (a: Place) => (b: Place) => sameAsset(a)(b) && a.kind === b.kind
  const directional = labels.filter(({ sign }) => sign !== 0)
  const ofKind = (kind: CatalystKind | 'all') => {
    const own = <T extends Place>(list: readonly T[]) => list.filter((one) => kind === 'all' || one.kind === kind)
    return {
      precision: share(own(claims), (claim) => labels.some(same(claim))),
      recall: share(own(directional), (label) => claims.some(same(label))),
    }
  }
  const kinds = ([...catalystKinds, 'all'] as const).flatMap((kind) => {
    const figures = ofKind(kind)
    return figures.precision.of + figures.recall.of === 0 ? [] : [[kind, figures] as const]
  })
  return {
    kinds: Object.fromEntries(kinds),
    assets: {
      precision: share(claims, (claim) => labels.some(sameAsset(claim))),
      recall: share(directional, (label) => claims.some(sameAsset(label))),
    },
    signs: share(
      directional.flatMap((label) => claims.filter(same(label)).map((claim) => ({ label, claim }))),
      ({ label, claim }) => Math.sign(claim.direction) === label.sign,
    ),
    restraint: share(
      labels.filter(({ sign }) => sign === 0),
      (label) => !claims.some((claim) => sameAsset(label)(claim) && claim.direction !== 0),
    ),
  }
}

function share<T>(list: readonly T[], isRight: (one: T) => boolean): Share {
  const right = list.filter(isRight).length
  return { right, of: list.length, share: list.length === 0 ? null : right / list.length }
}
