import type { Fill } from '../../src/portfolio/holdings.ts'

/** A fill as the journal records it, at no cost and in euros unless said otherwise. */
export function fillOf(
  date: string,
  symbol: string,
  quantity: number,
  price: number,
  more: Partial<Pick<Fill, 'rate' | 'currency' | 'reason' | 'orderId' | 'cashChangeCents' | 'costs'>> = {},
): Fill {
  const rate = more.rate ?? 1
  return {
    orderId: `${date}/${symbol}`,
    date,
    symbol,
    quantity,
    price,
    currency: 'EUR',
    rate,
    costs: {},
    cashChangeCents: Math.round(-quantity * price * rate * 100),
    reason: 'policy',
    ...more,
  }
}
