-- previous_image_can_read: yes
-- phi_columns: none

-- Everything of the service lies in a schema of its own; the ledger lies in another.
CREATE SCHEMA IF NOT EXISTS passport;
