/**
 * What a reader of signals must know of the texts they come from.
 *
 * @param extractor `baseline`, or the name of a model
 * @param texts how many come from files of history, and how many bear no date that can be read
 */
export function textNotes(
  extractor: string,
  { claimed, undated }: { readonly claimed: number; readonly undated: number },
): readonly string[] {
  const isBaseline = extractor === 'baseline'
  return [
    ...(isBaseline ? ['Signals are by keywords (the baseline control), not by a model.'] : []),
    ...(claimed > 0
      ? [
          `${claimed} texts come from files of history: that they were known at their claimed dates cannot be shown, and a date without a time counts as the end of its day.`,
        ]
      : []),
    ...(!isBaseline && claimed > 0
      ? ['A model may know what became of old news: only texts that were read when they were new prove anything.']
      : []),
    ...(undated > 0
      ? [`${undated} texts bear no date that can be read: they count as known when they were read in.`]
      : []),
  ]
}
