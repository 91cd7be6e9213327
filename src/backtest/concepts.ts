/** A concept and the words that stand for it. A space stands for a space or a hyphen; words match whole and in any case. */
export type Concept = { readonly name: string; readonly variants: readonly string[] }

/** What the prompt gives a model to think with: whether it uses them, and whether that changes, is looked at in its reasons. */
export const concepts: readonly Concept[] = [
  { name: 'loss aversion', variants: ['loss aversion', 'loss averse', 'prospect theory', 'reference point'] },
  { name: 'tail risk', variants: ['cvar', 'expected shortfall', 'value at risk', 'var 95', 'tail risk', 'tail'] },
  { name: 'drawdown', variants: ['drawdown', 'drawdowns', 'draw down'] },
  { name: 'volatility', variants: ['volatility', 'volatile', 'vol'] },
  { name: 'regime', variants: ['regime', 'regimes', 'risk on', 'risk off'] },
  { name: 'RSI', variants: ['rsi', 'rsi14', 'overbought', 'oversold'] },
  { name: 'Bollinger bands', variants: ['bollinger', 'bollinger band', 'bollinger bands', 'percent b', '%b'] },
  { name: 'moving average', variants: ['moving average', 'moving averages', 'sma', 'sma20', 'sma50', 'sma200'] },
  { name: 'momentum', variants: ['momentum', 'trend', 'trending', 'uptrend', 'downtrend', 'breakout'] },
  { name: 'mean reversion', variants: ['mean reversion', 'mean reverting', 'rebound', 'pullback', 'dip', 'bounce'] },
  {
    name: 'diversification',
    variants: ['diversification', 'diversify', 'diversified', 'diversifier', 'concentration', 'concentrated'],
  },
  { name: 'correlation', variants: ['correlation', 'correlations', 'correlated', 'uncorrelated', 'hedge', 'hedges'] },
  { name: 'cash', variants: ['cash', 'dry powder', 'liquidity'] },
  { name: 'stop-loss', variants: ['stop loss', 'stop', 'stops', 'cut losses', 'cut the loss'] },
  { name: 'taking profit', variants: ['take profit', 'taking profit', 'profit taking', 'lock in', 'trim', 'trimming'] },
  { name: 'costs', variants: ['cost', 'costs', 'commission', 'spread', 'turnover', 'tax', 'taxes'] },
  { name: 'patience', variants: ['patience', 'patient', 'wait', 'hold', 'holding', 'minimum holding', 'cooldown'] },
  {
    name: 'statistical doubt',
    variants: ['sharpe', 'deflated sharpe', 'overfitting', 'noise', 'sample', 'significance', 'significant'],
  },
  { name: 'news', variants: ['news', 'earnings', 'fed', 'ecb', 'inflation', 'rates', 'guidance'] },
]
