"""Names of properties that hold a secret, in any type of resource.

A test finds them again in the schemas of CloudFormation's resource types. They are held against
custom resources and types that nobody knows yet, too.
"""

NAMES = frozenset(
    {
        "accesskeysecret", "accesstoken", "accountpassword", "addomainjoinpassword",
        "addprivatekey", "adminpassword", "adminuserpassword", "apikey", "apikeyvalue",
        "appkey", "appserverprivatekey", "asmpassword", "auth_token", "authkey",
        "authorizationapikeyvalue", "authorizationprivatekey", "authpassword", "authtoken",
        "basicauthpassword", "client_secret", "clientsecret",
        "crossrealmtrustprincipalpassword", "customhostnamesecret", "dbpassword",
        "domainsigningprivatekey", "fsxadminpassword", "kdcadminpassword", "keypassphrase",
        "masterpassword", "masteruserpassword", "oauthtoken", "oauth_token", "passphrase",
        "password", "passwords", "presharedkey", "privatekey", "privatekeypassphrase",
        "procurementportalsharedsecret", "refreshtoken", "repositoryaccesstoken",
        "saslpassword", "secretaccesskey", "secretkey", "secretstring", "secrettoken",
        "serviceaccountpassword", "smtppassword", "sslclientkeypassword", "svmadminpassword",
        "tdecredentialpassword", "usermanagedclientapplicationclientsecret", "usersecret",
    }
)  # fmt: skip
# Of one type only: elsewhere these names mean something else.
OF_TYPE = frozenset(
    {
        ("AWS::ApiGateway::ApiKey", "value"),
        ("AWS::CodeBuild::SourceCredential", "token"),
        ("AWS::KinesisFirehose::DeliveryStream", "accesskey"),
    }
)
# The units in which a token's life is counted, and the id of a key to remove.
NOT_SECRET = frozenset(
    {
        ("AWS::Cognito::UserPoolClient", "accesstoken"),
        ("AWS::Cognito::UserPoolClient", "refreshtoken"),
        ("AWS::IAM::SAMLProvider", "removeprivatekey"),
    }
)
