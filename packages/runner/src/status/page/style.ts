const STATES = [
  'none',
  'proven',
  'complete',
  'legacy',
  'removed',
  'suspicious',
  'untrusted',
  'partial',
  'bad',
  'failed',
];

/** Style of the pages, light or dark as the browser prefers. Loads nothing from elsewhere. */
export const STYLE = `:root { color-scheme: light dark; --ink: #1d2733; --quiet: #566472; --line: #d8dee5; --paper: #fff; --card: #f5f7f9; --none: #e6eaee; --link: #0b5cad;
  --good: #0b7a45; --look: #8a5a00; --wrong: #b3261e;
  --proven: #0b7a45; --complete: #3fae76; --legacy: #6d8fb8; --removed: #bfe3cf; --suspicious: #e0a100; --untrusted: #8e4ec6; --partial: #e2762b; --bad: #c62f2f; --failed: #c62f2f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --quiet: #9aa8b5; --line: #333e49; --paper: #14191f; --card: #1c232b; --none: #26303a; --link: #7db7f0;
  --good: #46d18c; --look: #e9b84a; --wrong: #ff8a80;
  --proven: #35c47e; --complete: #1f8a55; --legacy: #5478a3; --removed: #1d4a35; --suspicious: #d6a21c; --untrusted: #a77bd8; --partial: #d97b3b; --bad: #e25656; --failed: #e25656; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1.25rem 3rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; } h3 { font-size: .85rem; font-weight: 600; margin: .2rem 0; color: var(--quiet); }
a { color: var(--link); } .quiet { color: var(--quiet); } footer { margin-top: 2rem; font-size: .85rem; }
header { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; } header > * { min-width: 0; } header .quiet { font-size: .85rem; }
.verdict, .running { border-left: .4rem solid; border-radius: .3rem; padding: .7rem 1rem; margin: 1rem 0; background: var(--card); } .verdict p, .running p { margin: 0; } .verdict p { font-weight: 600; }
.verdict p::before { content: '· '; } .verdict.good p::before { content: '✓ '; } .verdict.look p::before { content: '! '; } .verdict.wrong p::before { content: '× '; } .verdict small { color: var(--quiet); }
.verdict.good { border-color: var(--complete); } .verdict.look { border-color: var(--suspicious); } .verdict.wrong { border-color: var(--bad); } .verdict.quiet { border-color: var(--legacy); color: inherit; } .running { border-color: var(--legacy); }
.verdict ul { margin: .4rem 0 0; padding-left: 1.2rem; } .verdict li + li { margin-top: .3rem; } .verdict ol { margin: .2rem 0 0; padding-left: 1.3rem; }
progress { appearance: none; display: block; width: 100%; max-width: 40rem; height: .6rem; margin-top: .4rem; border: 0; background: var(--none); } progress::-webkit-progress-bar { background: var(--none); } progress::-webkit-progress-value { background: var(--legacy); } progress::-moz-progress-bar { background: var(--legacy); }
code { font: .88em ui-monospace, monospace; background: var(--none); border-radius: .2rem; padding: .05rem .3rem; } .hash { background: none; padding: 0; color: var(--quiet); } .steps li { margin: .3rem 0; }
details { display: inline; } summary { display: inline; cursor: pointer; list-style: none; } summary::-webkit-details-marker { display: none; } summary b { color: var(--link); font-weight: 400; text-decoration: underline; } details[open] summary { display: none; }
.mark { font-weight: 600; white-space: nowrap; } .mark i { font-style: normal; } .mark.good { color: var(--good); } .mark.look { color: var(--look); } .mark.wrong { color: var(--wrong); } .mark.quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .6rem; margin: 0; } dl div { background: var(--card); border-radius: .3rem; padding: .55rem .8rem; }
dt { font-size: .78rem; color: var(--quiet); } dd { margin: 0; font-weight: 600; } dd small { display: block; font-weight: 400; color: var(--quiet); }
svg { display: block; width: 100%; height: auto; } .calendar { max-width: 44rem; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem 2rem; margin-top: 1.4rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); } .grid { stroke: var(--line); } .day text { text-anchor: middle; font-weight: 700; fill: #fff; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .8rem; color: var(--quiet); margin: .5rem 0 0; } .legend i { display: inline-block; width: 1em; height: 1em; line-height: 1em; border-radius: 2px; vertical-align: -.12em; text-align: center; font-style: normal; font-weight: 700; font-size: .9em; color: #fff; }
${STATES.map((name) => `.${name} rect { fill: var(--${name}); } i.${name} { background: var(--${name}); }`).join(' ')}
table { border-collapse: collapse; width: 100%; font-size: .86rem; font-variant-numeric: tabular-nums; } th { text-align: left; font-weight: 600; color: var(--quiet); } th, td { padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; } th.right, td.right { text-align: right; white-space: nowrap; }
th { overflow-wrap: normal; } td { overflow-wrap: break-word; } td a, .cards td:first-child { white-space: nowrap; } td:last-child { overflow-wrap: anywhere; }
@media (max-width: 52rem) {
  .cards thead { display: none; } .cards, .cards tbody { display: block; } .cards tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 0 1rem; background: var(--card); border-radius: .3rem; padding: .5rem .8rem; margin: .5rem 0; }
  .cards td, .cards td.right { display: block; border: 0; padding: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; } .cards td::before { content: attr(data-title) ' '; font-size: .75rem; color: var(--quiet); } .cards td:first-child, .cards td:last-child { grid-column: 1 / -1; } .cards td:first-child { font-weight: 600; } .cards td:has(> span:empty) { display: none; }
  .mark { white-space: normal; }
}
@media (max-width: 34rem) { dl { grid-template-columns: 1fr 1fr; } .calendar { height: 11.5rem; } .plot { height: 10rem; } body { padding: 1rem .9rem 2rem; } }
`;
