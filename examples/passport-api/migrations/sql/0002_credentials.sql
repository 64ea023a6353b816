-- previous_image_can_read: yes
-- phi_columns: credentials.date_of_birth, credentials.npi, credentials.subject_name

-- One credential of a nurse for each tenant. The social security number is no column: it is
-- compared when a nurse is verified, and not kept.
CREATE TABLE IF NOT EXISTS passport.credentials (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant text NOT NULL CHECK (length(tenant) BETWEEN 1 AND 63),
    subject_name text NOT NULL CHECK (length(subject_name) BETWEEN 1 AND 200),
    date_of_birth date NOT NULL,
    npi text NOT NULL CHECK (npi ~ '^[0-9]{10}$'),
    outcome text NOT NULL DEFAULT 'pending' CHECK (outcome IN ('verified', 'rejected', 'pending')),
    licence text CHECK (licence IN ('active', 'inactive', 'not_found')),
    created_at timestamptz NOT NULL DEFAULT now(),
    verified_at timestamptz,
    CONSTRAINT credentials_once_a_tenant UNIQUE (tenant, npi)
);
