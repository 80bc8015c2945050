/** What the small database is, in a line. */
export const FINGERPRINT = `
  SELECT (SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM data.stations s), (SELECT md5(string_agg(md5, '' ORDER BY md5)) FROM (SELECT md5(l::text) FROM data.large l) m),
         (SELECT sum(at) FROM data.requests), (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'data'::regnamespace)`;

/** Makes another of it: every table differs from the backup, and there is one more. */
export const GROW = `UPDATE data.stations SET name = 'Old ' || id; DELETE FROM data.large WHERE n % 2 = 0; UPDATE data.requests SET at = at + 1; CREATE TABLE data.newer (id integer)`;
