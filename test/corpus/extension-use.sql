-- Uses what the extension in the variable `extension` brings, as far as its objects accept NULL or plain values.
\set ON_ERROR_STOP 1
SET client_min_messages = error;
SET check_function_bodies = off;
SELECT set_config('corpus.extension', :'extension', false) \gset

-- A column for each type, one row without values, and rows of the literals that the types accept.
DO $$ DECLARE
  member CONSTANT text := 'SELECT objid FROM pg_depend WHERE classid = %L::regclass AND refclassid = ''pg_extension''::regclass AND deptype = ''e'' AND
    refobjid = (SELECT oid FROM pg_extension WHERE extname = current_setting(''corpus.extension''))';
  types text[]; n int; literal text; method text; made text;
BEGIN
  EXECUTE format('SELECT array_agg(t.oid::regtype::text ORDER BY t.oid) FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
    WHERE t.oid IN (%s) AND typisdefined AND typcategory <> ''A'' AND (typtype IN (''b'', ''d'', ''e'', ''r'') OR c.relkind = ''c'')', format(member, 'pg_type')) INTO types;
  CREATE TABLE public.uses_types (id int);
  INSERT INTO public.uses_types VALUES (1), (2);
  FOR n IN 1 .. coalesce(array_length(types, 1), 0) LOOP
    EXECUTE format('ALTER TABLE public.uses_types ADD c%s %s', n, types[n]);
    FOREACH literal IN ARRAY ARRAY['1', 'a', '1.2.3', '1.2.3.4', '(1,2)', '"a"=>"1"', 'POINT(0 0)', '0-393-04002-X', '12 m', 'CCO'] LOOP
      BEGIN EXECUTE format('INSERT INTO public.uses_types (c%s) VALUES (%L)', n, literal); EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    FOREACH method IN ARRAY ARRAY['btree', 'gist', 'gin', 'rum', 'bloom'] LOOP
      BEGIN EXECUTE format('CREATE INDEX ON public.uses_types USING %s (c%s)', method, n); EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
  END LOOP;

  -- A view with a call of each function that a view can call.
  EXECUTE format($f$ SELECT string_agg(format('%%s(%%s) AS c%%s', p.oid::regproc, (SELECT string_agg('NULL::' || format_type(a, NULL), ', ') FROM unnest(proargtypes) a), number), ', ')
    FROM (SELECT *, row_number() OVER (ORDER BY oid) AS number FROM pg_proc WHERE prokind = 'f' AND NOT proretset AND provariadic = 0 AND oid IN (%s)
      AND NOT EXISTS (SELECT FROM pg_proc o WHERE o.proname = pg_proc.proname AND o.oid <> pg_proc.oid AND o.pronargdefaults > 0)
      AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes || prorettype) AND typtype = 'p') LIMIT 300) p $f$, format(member, 'pg_proc')) INTO made;
  IF made IS NOT NULL THEN EXECUTE 'CREATE VIEW public.uses_functions AS SELECT ' || made; END IF;

  -- A function in each language, a server and a foreign table of each wrapper, an index of each access method.
  FOR made IN EXECUTE format('SELECT lanname FROM pg_language WHERE oid IN (%s)', format(member, 'pg_language')) LOOP
    FOREACH literal IN ARRAY ARRAY['', 'return 1', '#!/bin/sh', 'CONNECT ''x'';'] LOOP
      BEGIN EXECUTE format('CREATE FUNCTION public.%I() RETURNS int LANGUAGE %I AS %L', 'in_' || made, made, literal); EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
  END LOOP;
  FOR made IN EXECUTE format('SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid IN (%s)', format(member, 'pg_foreign_data_wrapper')) LOOP
    BEGIN
      EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER %I', 'of ' || made, made);
      EXECUTE format('CREATE FOREIGN TABLE public.%I (x int) SERVER %I', 'far ' || made, 'of ' || made);
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
  FOR made IN EXECUTE format('SELECT amname FROM pg_am WHERE oid IN (%s)', format(member, 'pg_am')) LOOP
    BEGIN EXECUTE format('CREATE INDEX ON public.uses_types USING %I (id)', made); EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
END $$;
