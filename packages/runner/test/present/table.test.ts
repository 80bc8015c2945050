import { expect, it } from 'vitest';
import { table } from '../../src/present/table.ts';

it('lines up columns, numbers to the right, the last one unpadded', () => {
  expect(
    table(
      [{ title: 'A' }, { title: 'SIZE', align: 'right' }, { title: 'C' }],
      [
        ['one', '5', 'x'],
        ['3', '1,000,000', 'yy'],
      ],
    ),
  ).toBe(['A         SIZE  C', 'one          5  x', '3    1,000,000  yy', ''].join('\n'));
});

it('gives wide characters their two places and combining ones none', () => {
  const lines = table(
    [{ title: 'NAME' }, { title: 'X' }],
    [
      ['数据', 'x'],
      ['abcd', 'x'],
      ['e\u0301abc', 'x'],
    ],
  ).split('\n');
  expect(lines.slice(1, 4)).toEqual(['数据  x', 'abcd  x', 'e\u0301abc  x']);
});

it('lets no name of a file tear the table or command the terminal', () => {
  expect(table([{ title: 'A' }, { title: 'B' }], [['a\nb', '\u001b[31mred\u0007']])).toBe(
    'A    B\na\ufffdb  \ufffd[31mred\ufffd\n',
  );
});

it('puts columns that do not fit on a line of their own, and wraps the last one between words', () => {
  const columns = [{ title: 'SET' }, { title: 'ROWS', align: 'right' as const }, { title: 'STATE' }];
  const rows = [['20261122_020000', '2,650,000', 'bad: the dump is damaged at its end']];
  expect(table(columns, rows, 52)).toBe(
    [
      'SET                   ROWS  STATE',
      '20261122_020000  2,650,000  bad: the dump is damaged',
      '                            at its end',
      '',
    ].join('\n'),
  );
  expect(table(columns, rows, 40)).toBe(
    [
      'SET                   ROWS',
      '    STATE',
      '20261122_020000  2,650,000',
      '    bad: the dump is damaged at its end',
      '',
    ].join('\n'),
  );
  expect(table(columns, rows, 64)).toBe(table(columns, rows));
});
