-- Tenant 0 is big, the others hold $SMALL users each. Ids are ULIDs: 48 bits of time, then bits that look random.
SET search_path = central;
SET session_replication_role = replica; -- the data is consistent: no foreign key is checked row by row

CREATE FUNCTION pg_temp.ulid(milliseconds bigint, name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS
$$ SELECT (lpad(to_hex(milliseconds), 12, '0') || substr(md5(name), 1, 20))::uuid $$;

CREATE FUNCTION pg_temp.instant(milliseconds bigint) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS
$$ SELECT timestamptz '1970-01-01 00:00:00+00' + milliseconds * interval '1 millisecond' $$;

CREATE TEMP TABLE plan AS
SELECT n, 1735689600000 + n * 1000 AS born,
       'tenant-' || lpad(n::text, 4, '0') AS slug,
       CASE WHEN n = 0 THEN $BIG ELSE $SMALL END AS size
FROM generate_series(0, $TENANTS - 1) n;

INSERT INTO tenants (id, slug, name, created_at, updated_at)
SELECT pg_temp.ulid(born, slug), slug, 'Tenant ' || n, pg_temp.instant(born), pg_temp.instant(born) FROM plan;

INSERT INTO tenant_slugs (slug, tenant_id, skeleton, claims_skeleton)
SELECT slug, id, slug, true FROM tenants;

INSERT INTO roles (tenant_id, id, slug, name, permissions, built_in)
SELECT tenants.id, pg_temp.ulid(1735689600000, 'role ' || tenants.slug || role.slug), role.slug, role.name, '{}', true
FROM tenants
CROSS JOIN (VALUES ('owner', 'Owner'), ('admin', 'Administrator'), ('member', 'Member')) role (slug, name);

INSERT INTO auth_connectors (tenant_id, id, kind, name, enabled, settings, just_in_time, allowed_domains)
SELECT id, pg_temp.ulid(1735689600000, 'connector ' || slug), 'email_code', 'Email', true, '{}', false, '{}'
FROM tenants;

INSERT INTO users (tenant_id, id, email, email_verified, display_name, state,
                   created_at, updated_at, disabled_at, last_sign_in_at, locale, time_zone, tags, attributes)
SELECT pg_temp.ulid(plan.born, plan.slug),
       pg_temp.ulid(person.born, plan.slug || ' user ' || k),
       lower(first.plain || '.' || last.plain) || '.' || k || '@' || plan.slug || '.example.com',
       k % 7 <> 0,
       first.name || ' ' || last.name,
       CASE WHEN k % 50 = 49 THEN 'disabled' ELSE 'active' END,
       pg_temp.instant(person.born),
       pg_temp.instant(person.born + 250),
       CASE WHEN k % 50 = 49 THEN pg_temp.instant(person.born + 250) END,
       CASE WHEN k % 3 <> 0 THEN pg_temp.instant(person.born + 86400000) END,
       CASE WHEN k % 2 = 0 THEN 'de-CH' END,
       CASE WHEN k % 4 = 0 THEN 'Europe/Zurich' END,
       CASE WHEN k % 5 = 0 THEN jsonb_build_object('team', 'team ' || k % 40) ELSE '{}' END,
       CASE WHEN k % 6 = 0 THEN jsonb_build_object('floor', k % 12, 'remote', k % 24 = 0) ELSE '{}' END
FROM plan
CROSS JOIN LATERAL generate_series(0, plan.size - 1) k
CROSS JOIN LATERAL (SELECT 1738368000000 + k * 977 + plan.n AS born) person
JOIN (VALUES (0, 'Alexandra', 'Alexandra'), (1, 'Bartholomew', 'Bartholomew'), (2, 'Chloé', 'Chloe'),
             (3, 'Dominique', 'Dominique'), (4, 'Émile', 'Emile'), (5, 'Frederick', 'Frederick'),
             (6, 'Gwendolyn', 'Gwendolyn'), (7, 'Zoë', 'Zoe')) first (i, name, plain) ON first.i = k % 8
JOIN (VALUES (0, 'Fitzgerald', 'Fitzgerald'), (1, 'Müller-Schmidt', 'Mueller-Schmidt'),
             (2, 'Montgomery', 'Montgomery'), (3, 'Papadopoulos', 'Papadopoulos'), (4, 'Rodríguez', 'Rodriguez'),
             (5, 'Wojciechowska', 'Wojciechowska'), (6, 'Yamamoto', 'Yamamoto')) last (i, name, plain)
  ON last.i = k % 7;

INSERT INTO user_emails (tenant_id, id, user_id, email, verified, created_at, verified_at)
SELECT tenant_id, pg_temp.ulid(1735689600000, 'email ' || id), id, email, email_verified, created_at,
       CASE WHEN email_verified THEN updated_at END
FROM users;

CREATE TEMP TABLE numbered AS
SELECT tenant_id, id, created_at, substring(email FROM '\.(\d+)@')::integer AS k FROM users;

INSERT INTO user_roles (tenant_id, user_id, role, granted_at)
SELECT tenant_id, id, CASE k WHEN 0 THEN 'owner' WHEN 1 THEN 'admin' ELSE 'member' END, created_at FROM numbered;

INSERT INTO user_external_ids (tenant_id, user_id, source, external_id, created_at)
SELECT tenant_id, id, 'hr', k::text, created_at FROM numbered WHERE k % 7 = 0;
