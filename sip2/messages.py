"""The messages of SIP2 2.00, each declared once: fixed fields first, then tagged ones, in the order they are sent.

Promises: a tagged field without a default is required by the protocol (it is always written, empty if `None`); one
with a default is left out when absent. Everything that reads, writes or documents messages derives from here.
Sections refer to the SIP2 reference. (One table of 31 messages, hence the length of this file.)
"""

from sip2 import fields as f
from sip2.declaring import Message, Request, Response, message

__all__ = [
    "AcsStatus",
    "BlockPatron",
    "Checkin",
    "CheckinResponse",
    "Checkout",
    "CheckoutResponse",
    "EndPatronSession",
    "EndSessionResponse",
    "FeePaid",
    "FeePaidResponse",
    "Hold",
    "HoldResponse",
    "ItemInformation",
    "ItemInformationResponse",
    "ItemStatusUpdate",
    "ItemStatusUpdateResponse",
    "Login",
    "LoginResponse",
    "Message",
    "PatronEnable",
    "PatronEnableResponse",
    "PatronInformation",
    "PatronInformationResponse",
    "PatronStatus",
    "PatronStatusResponse",
    "Renew",
    "RenewAll",
    "RenewAllResponse",
    "RenewResponse",
    "Request",
    "RequestAcsResend",
    "RequestScResend",
    "Response",
    "ScStatus",
]


@message("23")
class PatronStatus(Request):
    """Patron Status Request, 2.1."""

    language: f.Language
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword
    patron_password: f.PatronPassword


@message("24")
class PatronStatusResponse(Response):
    """Answers 23 and 01, 2.1."""

    patron_status: f.PatronStatusFlags
    language: f.Language
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    personal_name: f.PersonalName
    valid_patron: f.ValidPatron = None
    valid_patron_password: f.ValidPatronPassword = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("11")
class Checkout(Request):
    """A loan, or a renewal if the reader has the item already, 2.2."""

    sc_renewal_policy: f.Flag
    no_block: f.Flag
    transaction_date: f.Date
    nb_due_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    item_identifier: f.ItemIdentifier
    terminal_password: f.TerminalPassword
    item_properties: f.ItemProperties = None
    patron_password: f.PatronPassword = None
    fee_acknowledged: f.FeeAcknowledged = None
    cancel: f.Cancel = None


@message("12")
class CheckoutResponse(Response):
    """Answers 11, 2.2. `renewal_ok`: the reader had this item already."""

    ok: f.Ok
    renewal_ok: f.Flag
    magnetic_media: f.YesNoUnknown
    desensitize: f.Desensitize
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    item_identifier: f.ItemIdentifier
    title_identifier: f.TitleIdentifier
    due_date: f.DueDate
    fee_type: f.FeeType = None
    security_inhibit: f.SecurityInhibit = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    media_type: f.MediaType = None
    item_properties: f.ItemProperties = None
    transaction_id: f.TransactionId = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("09")
class Checkin(Request):
    """A return, 2.3."""

    no_block: f.Flag
    transaction_date: f.Date
    return_date: f.Date
    current_location: f.CurrentLocation
    institution_id: f.InstitutionId
    item_identifier: f.ItemIdentifier
    terminal_password: f.TerminalPassword
    item_properties: f.ItemProperties = None
    cancel: f.Cancel = None


@message("10")
class CheckinResponse(Response):
    """Answers 09, 2.3."""

    ok: f.Ok
    resensitize: f.Flag
    magnetic_media: f.YesNoUnknown
    alert: f.Flag
    transaction_date: f.Date
    institution_id: f.InstitutionId
    item_identifier: f.ItemIdentifier
    permanent_location: f.PermanentLocation
    title_identifier: f.TitleIdentifier = None
    sort_bin: f.SortBin = None
    patron_identifier: f.PatronIdentifier = None
    media_type: f.MediaType = None
    item_properties: f.ItemProperties = None
    collection_code: f.CollectionCode = None
    call_number: f.CallNumber = None
    destination_location: f.DestinationLocation = None
    alert_type: f.AlertType = None
    hold_patron_id: f.HoldPatronId = None
    hold_patron_name: f.HoldPatronName = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("01")
class BlockPatron(Request):
    """The terminal blocks a card, 2.4; answered by 24."""

    card_retained: f.Flag
    transaction_date: f.Date
    institution_id: f.InstitutionId
    blocked_card_msg: f.BlockedCardMsg
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword


@message("99")
class ScStatus(Request):
    """How the terminal is; also its heartbeat, 2.5."""

    status_code: f.StatusCode
    max_print_width: f.MaxPrintWidth
    protocol_version: f.ProtocolVersion = "2.00"


@message("98")
class AcsStatus(Response):
    """Answers 99, 2.5. `timeout_period` is in tenths of a second."""

    online_status: f.Flag
    checkin_ok: f.Flag
    checkout_ok: f.Flag
    acs_renewal_policy: f.Flag
    status_update_ok: f.Flag
    offline_ok: f.Flag
    timeout_period: f.TimeoutPeriod
    retries_allowed: f.RetriesAllowed
    date_time_sync: f.Date
    protocol_version: f.ProtocolVersion = "2.00"
    institution_id: f.InstitutionId
    library_name: f.LibraryName = None
    supported_messages: f.SupportedMessages
    terminal_location: f.TerminalLocation = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("97", has_sequence=False)
class RequestAcsResend(Request):
    """The terminal wants the last message again, 2.6."""


@message("96", has_sequence=False)
class RequestScResend(Response):
    """The library wants the last message again, 2.6."""


@message("93")
class Login(Request):
    """The terminal's account, 2.7."""

    uid_algorithm: f.Algorithm = "0"
    pwd_algorithm: f.Algorithm = "0"  # noqa: S105  # "in clear", not a password
    login_user_id: f.LoginUserId
    login_password: f.LoginPassword
    location_code: f.LocationCode = None


@message("94")
class LoginResponse(Response):
    """Answers 93, 2.7."""

    ok: f.Ok


@message("63")
class PatronInformation(Request):
    """2.8. `summary` is ten positions; the first Y selects the list that is wanted."""

    language: f.Language
    transaction_date: f.Date
    summary: f.Summary
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword = None
    patron_password: f.PatronPassword = None
    start_item: f.StartItem = None
    end_item: f.EndItem = None


@message("64")
class PatronInformationResponse(Response):
    """Answers 63, 2.8. A count of `None` (not known) is four blanks; jsip2 rejects those."""

    patron_status: f.PatronStatusFlags
    language: f.Language
    transaction_date: f.Date
    hold_items_count: f.Count
    overdue_items_count: f.Count
    charged_items_count: f.Count
    fine_items_count: f.Count
    recall_items_count: f.Count
    unavailable_holds_count: f.Count
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    personal_name: f.PersonalName
    hold_items_limit: f.HoldItemsLimit = None
    overdue_items_limit: f.OverdueItemsLimit = None
    charged_items_limit: f.ChargedItemsLimit = None
    valid_patron: f.ValidPatron = None
    valid_patron_password: f.ValidPatronPassword = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    fee_limit: f.FeeLimit = None
    hold_items: f.HoldItems = ()
    overdue_items: f.OverdueItems = ()
    charged_items: f.ChargedItems = ()
    fine_items: f.FineItems = ()
    recall_items: f.RecallItems = ()
    unavailable_hold_items: f.UnavailableHoldItems = ()
    home_address: f.HomeAddress = None
    email_address: f.EmailAddress = None
    home_phone_number: f.HomePhoneNumber = None
    vendor_pa: f.VendorPa = None
    patron_birth_date: f.PatronBirthDate = None
    patron_class: f.PatronClass = None
    patron_internet_profile: f.PatronInternetProfile = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("35")
class EndPatronSession(Request):
    """The reader has gone, 2.9."""

    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword = None
    patron_password: f.PatronPassword = None


@message("36")
class EndSessionResponse(Response):
    """Answers 35, 2.9."""

    end_session: f.Flag
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("37")
class FeePaid(Request):
    """The reader has paid at the terminal, 2.10."""

    transaction_date: f.Date
    fee_type: f.TwoDigitCode
    payment_type: f.TwoDigitCode
    currency_type: f.FixedCurrencyType
    fee_amount: f.FeeAmount
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword = None
    patron_password: f.PatronPassword = None
    fee_identifier: f.FeeIdentifier = None
    transaction_id: f.TransactionId = None


@message("38")
class FeePaidResponse(Response):
    """Answers 37, 2.10."""

    payment_accepted: f.Flag
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    transaction_id: f.TransactionId = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("17")
class ItemInformation(Request):
    """2.11."""

    transaction_date: f.Date
    institution_id: f.InstitutionId
    item_identifier: f.ItemIdentifier
    terminal_password: f.TerminalPassword = None


@message("18")
class ItemInformationResponse(Response):
    """Answers 17, 2.11. It carries no institution id."""

    circulation_status: f.TwoDigitCode
    security_marker: f.TwoDigitCode
    fee_type: f.TwoDigitCode
    transaction_date: f.Date
    hold_queue_length: f.HoldQueueLength = None
    due_date: f.DueDate = None
    recall_date: f.RecallDate = None
    hold_pickup_date: f.HoldPickupDate = None
    item_identifier: f.ItemIdentifier
    title_identifier: f.TitleIdentifier
    owner: f.Owner = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    media_type: f.MediaType = None
    permanent_location: f.PermanentLocation = None
    current_location: f.CurrentLocation = None
    item_properties: f.ItemProperties = None
    collection_code: f.CollectionCode = None
    call_number: f.CallNumber = None
    destination_location: f.DestinationLocation = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("19")
class ItemStatusUpdate(Request):
    """The terminal stores what it knows about the physical item, 2.12."""

    transaction_date: f.Date
    institution_id: f.InstitutionId
    item_identifier: f.ItemIdentifier
    terminal_password: f.TerminalPassword = None
    item_properties: f.ItemProperties


@message("20")
class ItemStatusUpdateResponse(Response):
    """Answers 19, 2.12. It carries no institution id."""

    item_properties_ok: f.Ok
    transaction_date: f.Date
    item_identifier: f.ItemIdentifier
    title_identifier: f.TitleIdentifier = None
    item_properties: f.ItemProperties = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("25")
class PatronEnable(Request):
    """Unblocks a card, 2.13."""

    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    terminal_password: f.TerminalPassword = None
    patron_password: f.PatronPassword = None


@message("26")
class PatronEnableResponse(Response):
    """Answers 25, 2.13."""

    patron_status: f.PatronStatusFlags
    language: f.Language
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    personal_name: f.PersonalName
    valid_patron: f.ValidPatron = None
    valid_patron_password: f.ValidPatronPassword = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("15")
class Hold(Request):
    """2.14. Mode `+` adds, `-` deletes, `*` changes; an item or a title must be named."""

    hold_mode: f.HoldMode
    transaction_date: f.Date
    expiration_date: f.ExpirationDate = None
    pickup_location: f.PickupLocation = None
    hold_type: f.HoldType = None
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    patron_password: f.PatronPassword = None
    item_identifier: f.ItemIdentifier = None
    title_identifier: f.TitleIdentifier = None
    terminal_password: f.TerminalPassword = None
    fee_acknowledged: f.FeeAcknowledged = None


@message("16")
class HoldResponse(Response):
    """Answers 15, 2.14, but with AO first (field lesson 2.21). The fee to be acknowledged is an extension, as in 12."""

    ok: f.Ok
    available: f.Flag
    transaction_date: f.Date
    institution_id: f.InstitutionId
    expiration_date: f.ExpirationDate = None
    queue_position: f.QueuePosition = None
    pickup_location: f.PickupLocation = None
    patron_identifier: f.PatronIdentifier
    item_identifier: f.ItemIdentifier = None
    title_identifier: f.TitleIdentifier = None
    fee_type: f.FeeType = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("29")
class Renew(Request):
    """2.15."""

    third_party_allowed: f.Flag
    no_block: f.Flag
    transaction_date: f.Date
    nb_due_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    patron_password: f.PatronPassword = None
    item_identifier: f.ItemIdentifier = None
    title_identifier: f.TitleIdentifier = None
    terminal_password: f.TerminalPassword = None
    item_properties: f.ItemProperties = None
    fee_acknowledged: f.FeeAcknowledged = None


@message("30")
class RenewResponse(Response):
    """Answers 29, 2.15."""

    ok: f.Ok
    renewal_ok: f.Flag
    magnetic_media: f.YesNoUnknown
    desensitize: f.Desensitize
    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    item_identifier: f.ItemIdentifier
    title_identifier: f.TitleIdentifier
    due_date: f.DueDate
    fee_type: f.FeeType = None
    security_inhibit: f.SecurityInhibit = None
    currency_type: f.CurrencyType = None
    fee_amount: f.FeeAmount = None
    media_type: f.MediaType = None
    item_properties: f.ItemProperties = None
    transaction_id: f.TransactionId = None
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()


@message("65")
class RenewAll(Request):
    """2.16."""

    transaction_date: f.Date
    institution_id: f.InstitutionId
    patron_identifier: f.PatronIdentifier
    patron_password: f.PatronPassword = None
    terminal_password: f.TerminalPassword = None
    fee_acknowledged: f.FeeAcknowledged = None


@message("66")
class RenewAllResponse(Response):
    """Answers 65, 2.16."""

    ok: f.Ok
    renewed_count: f.Count
    unrenewed_count: f.Count
    transaction_date: f.Date
    institution_id: f.InstitutionId
    renewed_items: f.RenewedItems = ()
    unrenewed_items: f.UnrenewedItems = ()
    screen_message: f.ScreenMessage = ()
    print_line: f.PrintLine = ()
