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
