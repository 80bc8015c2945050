import { decodeBytes } from './byte-text.ts';

/** Encodings of databases whose names in the WHATWG Encoding Standard differ. */
const NAMES: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'windows-1254',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
};

/** Returns the text of bytes; see `decodeBytes` for bytes that have no character. */
export type DecodeText = (bytes: Buffer) => string;

/**
 * Returns the decoder for texts of a database, by PostgreSQL's name of the encoding. For UTF8, SQL_ASCII and
 * encodings without a decoder, that is `decodeBytes`.
 */
export function decoderFor(encoding: string): DecodeText {
  // The Encoding Standard reads ISO 8859-1 as Windows-1252.
  if (encoding === 'LATIN1') return (bytes) => bytes.toString('latin1');
  const name = NAMES[encoding];
  if (name === undefined) return decodeBytes;
  const decoder = new TextDecoder(name, { fatal: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return decodeBytes(bytes);
    }
  };
}
