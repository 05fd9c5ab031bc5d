-- The account that somebody means by an address: the one that has it to the letter, else the only one that has it without regard to case
-- and surrounding blanks (contract section 9). PostgreSQL inlines the function, so that the indexes of "user" are used.
CREATE FUNCTION account_named(address text) RETURNS SETOF "user" LANGUAGE sql STABLE AS $$
    SELECT named.* FROM "user" AS named
    WHERE named.email = address
       OR lower(btrim(named.email)) = lower(btrim(address, E' \t\r\n'))
          AND NOT EXISTS (SELECT FROM "user" AS other
                          WHERE other.id <> named.id
                            AND (other.email = address OR lower(btrim(other.email)) = lower(btrim(address, E' \t\r\n'))))
$$;
