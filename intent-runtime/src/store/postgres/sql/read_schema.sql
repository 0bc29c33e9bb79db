-- CREATE SCHEMA asks for a right on the database, even where the schema is there.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'intent_read') THEN CREATE SCHEMA intent_read; END IF; END $$;
