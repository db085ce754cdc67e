-- What operators choose from a client, in the place of what the configuration says.

ALTER TABLE instance ADD COLUMN registration_chosen TEXT
    CHECK (registration_chosen IN ('invite', 'open', 'application', 'closed'));
ALTER TABLE instance ADD COLUMN second_factor_chosen TEXT
    CHECK (second_factor_chosen IN ('nobody', 'staff', 'all'));
